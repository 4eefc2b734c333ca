// Round berries. k0: arrangement (0 heap of blueberries, 1 hanging grapes).
vec4 berry(int i) {
    float f = float(i);
    if (k0.x > 0.5) {
        float t = f / 33.0; float a = f * 2.39996;
        float y = 1.52 - 1.32 * t; float r = 0.56 * pow(sin(PI * mix(0.16, 0.98, 1.0 - t)), 0.8) * (0.78 + 0.3 * hash1(f));
        return vec4(r * cos(a), y, r * sin(a) * 0.72, 0.205 + 0.02 * hash1(f + 4.0));
    }
    float r = 0.2;
    if (i < 14) { float a = f * 2.39996; float d = 0.235 * sqrt(f + 0.4); return vec4(d * cos(a) * 1.12, r, d * sin(a), r + 0.015 * hash1(f)); }
    if (i < 22) { float g = f - 14.0; float a = g * 2.39996 + 1.0; float d = 0.225 * sqrt(g + 0.3); return vec4(d * cos(a), r + 0.30, d * sin(a) * 0.9, r); }
    if (i < 25) { float a = (f - 22.0) * 2.1; return vec4(0.21 * cos(a), r + 0.60, 0.21 * sin(a), r); }
    return vec4(1.05 + 0.30 * (f - 25.0), 0.19, 0.42 - 0.3 * (f - 25.0), 0.19);
}
vec2 map(vec3 p) {
    vec2 o = vec2(1e3, 0.0);
    int n = k0.x > 0.5 ? 34 : 27;
    for (int i = 0; i < n; i++) {
        vec4 b = berry(i);
        vec3 q = p - b.xyz;
        float d = length(q) - b.w;
        if (k0.x < 0.5 && d < 0.06) {
            vec3 ax = normalize(vec3(sin(float(i) * 2.3) * 0.6, 0.75, 0.35 + 0.5 * cos(float(i) * 1.7)));
            float h = dot(q, ax); float rr = length(q - ax * h);
            float a = atan(dot(q, normalize(cross(ax, vec3(0, 0, 1)))), dot(q, normalize(cross(ax, cross(ax, vec3(0, 0, 1))))));
            if (h > 0.0) d += 0.03 * smoothstep(0.085, 0.05, rr) - 0.022 * smoothstep(0.035, 0.0, abs(rr - 0.088 - 0.018 * cos(a * 5.0)));
        }
        if (d < o.x) o = vec2(d, float(i) + 10.0);
    }
    if (k0.x > 0.5) {
        vec3 q = p; q.x += 0.10 * sin((p.y - 1.4) * 4.0);
        o = un(o, vec2(capsule2(q, vec3(0, 1.4, 0), vec3(0.04, 2.0, 0), 0.035, 0.045), 1.0));
        vec3 l = p - vec3(0.34, 1.80, 0.10); l = rotZ(l, -0.35); l.z -= 0.1 - 0.3 * l.x * l.x;
        float a = atan(l.y, l.x); float r = length(l.xy);
        float leaf = max(abs(l.z + 0.05 * cos(a * 5.0) * r) - 0.012, r - 0.36 - 0.075 * cos(a * 5.0) - 0.015 * cos(a * 25.0));
        o = un(o, vec2(leaf * 0.6, 2.0));
    }
    return vec2(o.x * 0.9, o.y);
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 9.5) {
        vec4 b = berry(int(id - 9.5));
        float own = hash1(id);
        if (k0.x > 0.5) {
            vec3 c = mix(colA * 0.85, colB * 0.8, 0.1 + 0.35 * own);
            c = mix(c, vec3(0.75, 0.76, 0.72), 0.10 * smoothstep(0.35, 0.8, fbm(p * 5.0)));
            float thin = 1.0 - sat(dot(n, gV));
            c = mix(c * 0.78, mix(c, vec3(1.0), 0.06), sat(0.25 + 0.75 * (0.5 + 0.5 * n.x) - 0.2 * thin));
            return Mat(c, 0.1, 0.05, 0.0, 0.5, 0.0);
        }
        vec3 c = mix(colA * 0.55, colB * 0.9, smoothstep(0.25, 0.75, fbm(p * 6.0 + own * 9.0)));
        c = mix(c, colC * 0.35, smoothstep(-0.004, -0.02, length(p - b.xyz) - b.w));
        return Mat(c, 0.42, 0.04, 0.0, 0.3, 0.0);
    }
    if (id > 1.5) return Mat(mix(vec3(0.10, 0.30, 0.04), vec3(0.25, 0.48, 0.08), noise(p * 7.0)), 0.45, 0.04, 0.0, 0.4, 0.0);
    return matt(vec3(0.30, 0.24, 0.08));
}
