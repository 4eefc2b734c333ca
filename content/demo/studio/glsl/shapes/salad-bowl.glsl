// A clear bowl of salad with a printed band. k0.x: 0 Caesar, 1 Greek, 2 grains.
vec2 map(vec3 p) {
    float b = cone(p, 0.56, 0.90, 0.0, 0.80, 0.04);
    vec2 o = vec2(b, 0.0);
    float rim = torus(p - vec3(0, 0.80, 0), 0.92, 0.032);
    o = un(o, vec2(rim, 1.0));
    float dome = length((p - vec3(0, 0.66, 0)) * vec3(1.0, 1.9, 1.0)) - 0.86;
    vec2 c1 = cells(p * 5.0); 
    float salad = dome * 0.7 + 0.16 * c1.x - 0.09 + 0.05 * sin(p.x * 17.0 + 6.0 * c1.y) * sin(p.z * 15.0 + c1.y * 9.0);
    return un(o, vec2(max(salad * 0.45, 0.74 - p.y), 2.0));
}
vec3 stuff(vec3 p) {
    vec2 c1 = cells(p * 5.0);
    vec3 leafy = mix(vec3(0.10, 0.33, 0.04), vec3(0.55, 0.74, 0.20), smoothstep(0.2, 0.8, fbm(p * 6.0) + 0.3 * (c1.y - 0.5)));
    vec3 t = leafy;
    if (k0.x < 0.5) { if (c1.y < 0.20) t = vec3(0.78, 0.50, 0.20) * (0.7 + 0.5 * noise(p * 20.0)); else if (c1.y < 0.36) t = mix(vec3(0.92, 0.74, 0.46), vec3(0.70, 0.42, 0.18), fbm(p * 7.0)); else if (c1.y < 0.46) t = vec3(0.97, 0.93, 0.78); }
    else if (k0.x < 1.5) { if (c1.y < 0.24) t = vec3(0.82, 0.09, 0.05); else if (c1.y < 0.38) t = vec3(0.97, 0.96, 0.92); else if (c1.y < 0.48) t = vec3(0.07, 0.04, 0.06); else if (c1.y < 0.58) t = vec3(0.62, 0.80, 0.38); else if (c1.y < 0.66) t = vec3(0.55, 0.15, 0.32); }
    else { vec3 g = mix(vec3(0.93, 0.80, 0.52), vec3(0.72, 0.50, 0.24), cells(p * 17.0).y); t = c1.y < 0.42 ? g : c1.y < 0.58 ? vec3(0.88, 0.68, 0.34) : c1.y < 0.70 ? vec3(0.48, 0.10, 0.26) : c1.y < 0.8 ? vec3(0.92, 0.42, 0.10) : leafy; }
    return t * (0.70 + 0.45 * smoothstep(0.62, 0.15, c1.x));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 1.5) return Mat(stuff(p), 0.28, 0.045, 0.0, 0.45, 0.0);
    if (id > 0.5) return Mat(vec3(0.90, 0.93, 0.94), 0.06, 0.08, 0.0, 0.4, 0.0);
    vec2 uv = vec2(around(p, 0.30), (0.66 - p.y) / 0.56);
    if (inside01(uv)) return Mat(texF(uv), 0.4, 0.04, 0.0, 0.0, 0.0);
    float nv = sat(dot(n, gV));
    vec3 c = stuff(p - gV * 0.12) * 0.92;
    return Mat(mix(vec3(0.88, 0.92, 0.93), c, smoothstep(0.15, 0.55, nv) * 0.85), 0.05, 0.06, 0.0, 0.4, 0.0);
}
