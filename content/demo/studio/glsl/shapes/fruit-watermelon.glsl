vec3 half_(vec3 p) { return rotX(rotY(p - vec3(0.50, 0.62, 0.45), 0.35), 0.30); }
vec2 map(vec3 p) {
    vec3 q = p - vec3(-0.36, 0.86, -0.55);
    vec2 o = vec2(length(q * vec3(1.0, 1.03, 1.0)) - 0.86, 0.0);
    vec3 w = half_(p);
    float s = length(w - vec3(0, 0.20, -0.02)) - 0.84;
    float wedge = max(max(s, abs(w.z) - 0.16), w.y - 0.20);
    return un(o, vec2(smax(wedge, abs(w.z) - 0.16, 0.02), 1.0));
}
vec3 rind(vec3 q, float i) {
    float a = atan(q.z, q.x) + 0.25 * (fbm(q * 4.0) - 0.5);
    float st = abs(fract(a / (2.0 * PI) * 9.0) - 0.5) * 2.0;
    float zig = 0.22 * (noise(vec3(q.y * 9.0, floor(a / (2.0 * PI) * 9.0), 1.0)) - 0.5);
    return mix(colA * 0.40, mix(colA, colC, 0.55), smoothstep(0.42, 0.62, st + zig));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id < 0.5) return Mat(rind(p - vec3(-0.36, 0.86, -0.55), 0.0), 0.22, 0.045, 0.0, 0.15, 0.0);
    vec3 w = half_(p); vec3 q = w - vec3(0, 0.20, -0.02);
    float r = length(q.xy); float R = length(q);
    if (R > 0.828) return Mat(rind(q, 1.0), 0.25, 0.045, 0.0, 0.15, 0.0);
    vec3 c = mix(colB * 0.92, colB * 1.08 + 0.02, noise(w * 22.0));
    c *= 0.94 + 0.1 * noise(w * 60.0);
    c = mix(c, vec3(0.93, 0.88, 0.72), smoothstep(0.70, 0.76, r));
    c = mix(c, vec3(0.45, 0.66, 0.30), smoothstep(0.775, 0.82, r));
    float a = atan(q.x, -q.y);
    for (int k = 0; k < 2; k++) {
        float n2 = k == 0 ? 9.0 : 6.0; float rr = k == 0 ? 0.54 : 0.32;
        float g = a / PI * n2 + 0.25 * float(k);
        vec2 l = vec2((fract(g) - 0.5) * PI / n2 * rr, r - rr - 0.03 * sin(floor(g) * 4.0));
        c = mix(c, vec3(0.012, 0.008, 0.008), smoothstep(0.034, 0.028, length(l * vec2(1.5, 0.8))));
    }
    return Mat(c, 0.16, 0.05, 0.0, 0.6, 0.0);
}
