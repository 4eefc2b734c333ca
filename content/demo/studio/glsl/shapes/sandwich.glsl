// Two triangles of sandwich, cut side to the front, with a printed band. k0: filling hue from the palette; label in `front`.
vec2 map(vec3 p) {
    vec2 o = vec2(1e3, 0.0);
    float tri = max((dot(vec2(abs(p.x) * 1.45, -p.z - 0.35), vec2(0.7071)) - 0.78) * 0.8, p.z - 0.42);
    tri = smax(tri, p.z - 0.42, 0.05);
    for (int k = 0; k < 2; k++) {
        float y0 = 0.02 + 0.78 * float(k);
        float b1 = max(tri + 0.02 * noise(p * 4.0), abs(p.y - y0 - 0.13) - 0.12);
        float b2 = max(tri + 0.02 * noise(p * 4.0 + 3.0), abs(p.y - y0 - 0.62) - 0.12);
        o = un(o, vec2(smax(b1, abs(p.y - y0 - 0.13) - 0.12, 0.05) - 0.005, 0.0));
        o = un(o, vec2(smax(b2, abs(p.y - y0 - 0.62) - 0.12, 0.05) - 0.005, 0.0));
        float wob = 0.05 * sin(p.x * 9.0 + float(k) * 2.0) + 0.03 * sin(p.x * 23.0);
        float lf = max(tri - 0.05 - wob * 0.6, abs(p.y - y0 - 0.46 - 0.03 * sin(p.x * 14.0 + p.z * 6.0)) - 0.035);
        o = un(o, vec2(lf * 0.6, 1.0));
        float m = max(tri - 0.005 - 0.02 * noise(p * 8.0), abs(p.y - y0 - 0.33) - 0.075);
        o = un(o, vec2(smax(m, tri, 0.03) * 0.8, 2.0));
        float t = max(tri - 0.03 + 0.05 * smoothstep(0.3, 0.0, abs(fract(p.x * 1.6 + 0.3 * float(k)) - 0.5)), abs(p.y - y0 - 0.40) - 0.028);
        o = un(o, vec2(t * 0.7, 3.0));
    }
    float band = max(max(tri - 0.03, abs(p.x) - 0.60), abs(p.y - 0.79) - 0.80);
    return un(o, vec2(band * 0.9, 4.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 3.5) return Mat(n.z > 0.5 ? texF(vec2(0.5 + 0.5 * p.x / 0.60, (1.59 - p.y) / 1.60)) : texS(vec2(0.5 + 0.5 * p.x / 0.60, 0.04)), 0.4, 0.04, 0.0, 0.0, 0.0);
    if (id > 2.5) return Mat(colB, 0.2, 0.05, 0.0, 0.4, 0.0);
    if (id > 1.5) return Mat(mix(colA, vec3(0.98, 0.95, 0.85), 0.35 + 0.3 * noise(p * 9.0)), 0.45, 0.04, 0.0, 0.4, 0.0);
    if (id > 0.5) return Mat(mix(vec3(0.14, 0.36, 0.05), vec3(0.45, 0.66, 0.16), noise(p * 6.0)), 0.35, 0.04, 0.0, 0.6, 0.0);
    float h = cells(p * vec3(13.0)).x;
    vec3 c = vec3(0.90, 0.76, 0.50) * (0.78 + 0.25 * smoothstep(0.1, 0.4, h)) * (0.92 + 0.12 * noise(p * 40.0));
    if (n.y > 0.7) c = mix(vec3(0.78, 0.55, 0.28), c, 0.35 + 0.3 * noise(p * 5.0));
    return Mat(c, 0.75, 0.025, 0.0, 0.35, 0.0);
}
