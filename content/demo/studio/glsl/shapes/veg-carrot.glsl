vec3 lay(vec3 p, int i) {
    float f = float(i) - 1.5;
    p -= vec3(0.35, 0.17 + (i == 3 ? 0.24 : 0.0) + 0.0, 0.0);
    if (i == 3) f = 0.2;
    p.z -= f * 0.30;
    return rotY(p, -f * 0.16 + 0.05 * sin(float(i) * 3.0));
}
vec2 map(vec3 p) {
    vec2 o = vec2(1e3, 0.0);
    for (int i = 0; i < 4; i++) {
        vec3 q = lay(p, i);
        float t = sat((q.x + 1.45) / 1.65);
        float r = mix(0.018, 0.185, pow(t, 0.62)) + 0.006 * sin(q.x * 31.0 + float(i)) * step(0.3, noise(vec3(q.x * 13.0, 1.0, float(i))));
        float d = length(vec2(length(q.yz), max(abs(q.x + 0.62) - 0.80, 0.0))) - r;
        o = un(o, vec2(d * 0.72, float(i)));
    }
    for (int i = 0; i < 9; i++) {
        float f = float(i) - 4.0;
        vec3 q = p - vec3(0.50, 0.22 + 0.05 * float(i % 3), f * 0.11);
        vec3 tip = vec3(0.95 + 0.08 * cos(f * 3.0), 0.20 + 0.10 * sin(f * 2.0), f * 0.10);
        float h = sat(dot(q, tip) / dot(tip, tip));
        float w = 0.02 + 0.085 * smoothstep(0.40, 0.75, h) * (0.55 + 0.45 * sin(h * 46.0 + f)) * (1.15 - h * 0.35);
        o = un(o, vec2((length(q - tip * h) - w) * 0.6, 10.0));
    }
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 9.5) return Mat(mix(colC * 0.4, colC * 1.3, noise(p * 14.0)), 0.5, 0.03, 0.0, 0.4, 0.0);
    vec3 q = lay(p, int(id + 0.5));
    vec3 c = mix(colA, colB, 0.4 * noise(vec3(q.x * 4.0, q.y * 4.0, id)));
    c = mix(c, colA * 0.5, 0.55 * smoothstep(0.60, 0.75, noise(vec3(q.x * 20.0, atan(q.z, q.y) * 0.9, id * 4.0))));
    c = mix(c, vec3(0.25, 0.32, 0.07), smoothstep(0.12, 0.24, q.x));
    return Mat(c, 0.32, 0.04, 0.0, 0.35, 0.0);
}
