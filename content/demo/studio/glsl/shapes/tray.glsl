// A ready meal in a black tray, half out of its printed sleeve. k0.x: dish (0 curry and rice, 1 lasagne, 2 noodles, 3 risotto).
float food(vec3 p) {
    if (k0.x < 0.5) { vec2 ce = cells(p * vec3(3.4, 3.4, 3.4) + 2.0); return p.x > 0.70 ? 0.03 * cells(p * 14.0).x : -0.10 * smoothstep(0.55, 0.1, ce.x) + 0.01 * noise(p * 14.0); }
    if (k0.x < 1.5) return -0.05 * fbm(p * vec3(3.0, 1.0, 3.0)) - 0.03 * smoothstep(0.35, 0.1, cells(p * 4.0).x);
    if (k0.x < 2.5) { float w = noise(p * 2.6) * 6.0; return -0.045 * (0.5 + 0.5 * sin((p.x * cos(w) + p.z * sin(w)) * 34.0 + w)) - 0.05 * noise(p * 5.0); }
    return -0.03 * smoothstep(0.5, 0.1, cells(p * vec3(15.0, 9.0, 9.0)).x) - 0.04 * noise(p * 4.0);
}
vec2 map(vec3 p) {
    float y = p.y;
    float tr = rbox(p - vec3(0, 0.20, 0), vec3(1.36 + 0.16 * (y - 0.3), 0.20, 0.86 + 0.16 * (y - 0.3)), 0.10);
    tr = max(tr, -rbox(p - vec3(0, 0.34, 0), vec3(1.28, 0.24, 0.78), 0.10));
    float lip = rbox(p - vec3(0, 0.395, 0), vec3(1.46, 0.018, 0.96), 0.018);
    lip = max(lip, -rbox(p - vec3(0, 0.40, 0), vec3(1.30, 0.2, 0.80), 0.10));
    vec2 o = vec2(min(tr * 0.9, lip), 0.0);
    float f = rbox(p - vec3(0, 0.22, 0), vec3(1.29, 0.11, 0.79), 0.06) + food(p);
    o = un(o, vec2(f * 0.6, 1.0));
    float sl = rbox(p - vec3(-0.74, 0.25, 0), vec3(0.78, 0.23, 1.0), 0.015);
    return un(o, vec2(sl, 2.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 1.5) {
        if (n.y > 0.5) return Mat(texF(vec2(0.5 + 0.5 * (p.x + 0.74) / 0.78, 0.5 + 0.5 * p.z)), 0.36, 0.04, 0.0, 0.0, 0.0);
        return Mat(texS(vec2(0.5 + 0.5 * (p.x + 0.74) / 0.78, 0.04)), 0.36, 0.04, 0.0, 0.0, 0.0);
    }
    if (id < 0.5) return Mat(vec3(0.025), 0.25, 0.05, 0.0, 0.0, 0.0);
    vec3 c; float rough = 0.2;
    if (k0.x < 0.5) {
        vec2 ce = cells(p * 3.4 + 2.0);
        c = mix(vec3(0.80, 0.24, 0.04), vec3(0.88, 0.42, 0.12), smoothstep(0.5, 0.15, ce.x) * (0.5 + ce.y));
        c = mix(c, vec3(0.45, 0.10, 0.02), smoothstep(0.55, 0.8, fbm(p * 9.0)) * 0.6);
        vec2 h = cells(p * 10.0); c = mix(c, vec3(0.12, 0.34, 0.05), smoothstep(0.24, 0.14, h.x) * step(h.y, 0.30));
        if (p.x > 0.70) { c = mix(vec3(0.94, 0.90, 0.78), vec3(0.80, 0.74, 0.58), smoothstep(0.1, 0.45, cells(p * 14.0).x)); rough = 0.5; h = cells(p * 14.0); c = mix(c, vec3(0.95, 0.72, 0.15), step(h.y, 0.2) * 0.6); }
    } else if (k0.x < 1.5) {
        float m = fbm(p * 3.5);
        c = mix(vec3(0.95, 0.72, 0.30), vec3(0.93, 0.84, 0.58), smoothstep(0.35, 0.6, m));
        c = mix(c, vec3(0.62, 0.12, 0.03), smoothstep(0.52, 0.62, fbm(p * 4.5 + 9.0)));
        c = mix(c, vec3(0.36, 0.14, 0.04), smoothstep(0.58, 0.78, fbm(p * 7.0 + 3.0)) * 0.8);
        vec2 h = cells(p * 7.0); c = mix(c, vec3(0.10, 0.32, 0.05), smoothstep(0.20, 0.13, h.x) * step(h.y, 0.25));
    } else if (k0.x < 2.5) {
        float w = noise(p * 2.6) * 6.0;
        c = mix(vec3(0.55, 0.26, 0.06), vec3(0.93, 0.70, 0.32), 0.5 + 0.5 * sin((p.x * cos(w) + p.z * sin(w)) * 34.0 + w));
        vec2 h = cells(p * 5.0); vec3 t = h.y < 0.33 ? vec3(0.18, 0.46, 0.08) : h.y < 0.55 ? vec3(0.92, 0.40, 0.08) : h.y < 0.75 ? vec3(0.95, 0.88, 0.66) : vec3(0.75, 0.10, 0.06);
        c = mix(c, t, smoothstep(0.30, 0.22, h.x));
    } else {
        c = mix(vec3(0.93, 0.84, 0.64), vec3(0.74, 0.60, 0.38), smoothstep(0.15, 0.5, cells(p * vec3(15.0, 9.0, 9.0)).x));
        vec2 h = cells(p * 3.6 + 4.0); c = mix(c, mix(vec3(0.42, 0.24, 0.12), vec3(0.80, 0.64, 0.44), smoothstep(0.16, 0.06, h.x)), smoothstep(0.30, 0.26, h.x) * step(h.y, 0.6));
        h = cells(p * 11.0); c = mix(c, vec3(0.14, 0.36, 0.06), smoothstep(0.24, 0.14, h.x) * step(h.y, 0.25)); rough = 0.35;
    }
    return Mat(c, rough, 0.045, 0.0, 0.4, 0.0);
}
