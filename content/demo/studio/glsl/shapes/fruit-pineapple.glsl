vec2 map(vec3 p) {
    vec3 q = p - vec3(0, 0.66, 0);
    float r = length(q.xz); float a = atan(q.z, q.x);
    float d = length(vec2(r, q.y * 0.74)) - 0.50;
    float s = a / (2.0 * PI) * 12.0;
    vec2 g = vec2(s + q.y * 5.2, s - q.y * 5.2);
    vec2 f = abs(fract(g) - 0.5);
    float dia = max(f.x, f.y);
    d += 0.055 * smoothstep(0.22, 0.5, dia) - 0.03 * smoothstep(0.12, 0.0, length(fract(g) - 0.5));
    vec2 o = vec2(d * 0.62, 0.0);
    for (int k = 0; k < 5; k++) {
        float fk = float(k);
        float n = 9.0 - fk;
        float ga = a + fk * 0.55;
        float sec = (fract(ga / (2.0 * PI) * n) - 0.5) * 2.0 * PI / n;
        vec2 l = vec2(cos(sec), sin(sec)) * r;
        float y = q.y - 0.56 - 0.06 * fk;
        float len = 0.50 + 0.17 * fk; float lean = 0.62 - 0.135 * fk;
        float u = sat(y / len);
        float cx = 0.10 + lean * u * u * 0.9;
        float w = 0.105 * (1.0 - u * u) + 0.004;
        float leaf = length(vec2((l.x - cx) * 2.2, l.y)) - w;
        leaf = max(max(leaf, -y - 0.08), y - len);
        o = un(o, vec2(leaf * 0.36, 1.0 + fk));
    }
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    vec3 q = p - vec3(0, 0.66, 0);
    if (id > 0.5) {
        float y = q.y - 0.5;
        vec3 c = mix(colC * 0.55, colC * 1.5 + vec3(0.05, 0.08, 0.02), sat(y * 0.8 + 0.25 * noise(p * vec3(20.0, 3.0, 20.0))));
        return Mat(c, 0.4, 0.04, 0.0, 0.3, 0.0);
    }
    float a = atan(q.z, q.x); float s = a / (2.0 * PI) * 12.0;
    vec2 g = vec2(s + q.y * 5.2, s - q.y * 5.2);
    vec2 f = abs(fract(g) - 0.5); float dia = max(f.x, f.y);
    vec3 c = mix(colA, colB, smoothstep(0.2, 0.48, dia));
    c = mix(c, vec3(0.24, 0.13, 0.04), smoothstep(0.40, 0.5, dia));
    c = mix(c, vec3(0.30, 0.17, 0.06), smoothstep(0.15, 0.05, length(fract(g) - 0.5)));
    c = mix(c, vec3(0.35, 0.42, 0.10), smoothstep(-0.1, 0.6, q.y) * 0.35);
    return Mat(c, 0.36, 0.045, 0.0, 0.3, 0.0);
}
