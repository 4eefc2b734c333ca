// Oranges in a net, closed by a label band. Label in `front`.
vec3 fruit(int i) {
    float f = float(i);
    if (i < 3) return vec3((f - 1.0) * 0.62, 0.36, 0.20 - 0.12 * abs(f - 1.0));
    if (i < 5) return vec3((f - 3.5) * 0.62, 0.36, -0.34);
    if (i < 7) return vec3((f - 5.5) * 0.60, 0.86, 0.06);
    return vec3(0.02, 1.26, -0.04);
}
vec2 map(vec3 p) {
    float d = 1e3; float hull = 1e3; float id = 0.0;
    for (int i = 0; i < 8; i++) {
        float l = length(p - fruit(i)) - 0.36;
        if (l < d) id = float(i);
        d = min(d, l); hull = smin(hull, l - 0.012, 0.16);
    }
    hull = smin(hull, cone(p, 0.26, 0.07, 1.45, 1.78, 0.01), 0.2);
    float a = atan(p.x, p.z);
    vec2 g = vec2(a * 5.2 + p.y * 6.5, a * 5.2 - p.y * 6.5);
    vec2 f = abs(fract(g) - 0.5);
    float thread = min(f.x, f.y) * 0.13;
    float net = length(vec2(thread, hull)) - 0.013;
    vec2 o = vec2(d + 0.004 * noise(p * 60.0), 10.0 + id);
    o = un(o, vec2(net * 0.7, 0.0));
    float tag = rbox(rotZ(p - vec3(0.0, 1.98, 0.06), 0.0), vec3(0.62, 0.27, 0.022), 0.02);
    return un(o, vec2(tag, 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 9.0) { vec3 c = mix(colA, colB, 0.35 + 0.3 * noise(p * 3.0)); return Mat(c * (0.9 + 0.14 * smoothstep(0.2, 0.5, cells(p * 40.0).x)), 0.26, 0.045, 0.0, 0.4, 0.0); }
    if (id > 0.5) return Mat(texF(vec2(0.5 + 0.5 * p.x / 0.62, (2.25 - p.y) / 0.54)), 0.35, 0.04, 0.0, 0.0, 0.0);
    return Mat(vec3(0.75, 0.10, 0.05), 0.3, 0.05, 0.0, 0.2, 0.0);
}
