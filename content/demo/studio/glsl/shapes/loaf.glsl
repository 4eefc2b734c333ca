// A loaf with slices cut off. k0: kind (0 free-standing with scores, 1 tin loaf, 2 cake), topping (0 none, 1 icing, 2 seeds, 3 flour), marble (1), gloss.
#include crust.glsl
vec3 lay(vec3 p) { return rotY(p - vec3(-0.28, 0.0, -0.10), 0.62); }
vec3 slice(vec3 p) { return rotX(rotY(p - vec3(0.62, 0.04, 0.62), 0.62 - PI * 0.5), -0.20); }
float section(vec2 q) {
    // q.x across, q.y up: the loaf's outline.
    if (k0.x < 0.5) return length(vec2(q.x, max(q.y - 0.06, 0.0) * 1.02 + min(q.y - 0.06, 0.0) * 1.6)) - 0.66;
    float base = box2(q - vec2(0.0, 0.36), vec2(0.46 + 0.05 * q.y, 0.36) - 0.10) - 0.10;
    float dome = length((q - vec2(0.0, 0.66)) * vec2(0.84, 1.25)) - (k0.x > 1.5 ? 0.40 : 0.47);
    return smin(base, dome, 0.12);
}
float score(vec3 q) { return abs(fract(q.x * 1.7 + q.z * 0.7 + 0.2) - 0.5); }
vec2 map(vec3 p) {
    vec3 q = lay(p);
    float s = section(q.zy);
    float L = k0.x < 0.5 ? 0.95 : 0.98;
    float d;
    if (k0.x < 0.5) {
        float w = pow(max(1.0 - pow(abs(min(q.x, 0.2)) / 1.15, 2.6), 0.0), 0.5);
        d = section(q.zy / max(w, 0.25)) * max(w, 0.25);
        d = max(d, abs(q.x) - 1.12);
        d += 0.055 * smoothstep(0.13, 0.02, score(q)) * smoothstep(0.30, 0.5, q.y);
        d = max(d, -q.y);
    } else d = smax(s, abs(q.x) - L, 0.08);
    if (k0.x > 0.5 && k0.x < 1.5) d += 0.03 * smoothstep(0.10, 0.0, abs(q.z)) * smoothstep(0.7, 0.9, q.y) * step(k0.y, 1.5);
    float cutX = 0.55;
    vec2 o = vec2(max(d, q.x - cutX) * 0.75, 0.0);
    vec3 g = slice(p);
    float sl = max(section(g.zy), abs(g.x) - 0.075);
    if (k0.x < 0.5) sl = max(sl, -g.y);
    o = un(o, vec2(sl * 0.8, 1.0));
    if (k0.y > 0.5 && k0.y < 1.5) {
        float drip = 0.60 + 0.13 * sin(q.x * 9.0) + 0.06 * sin(q.x * 23.0 + sign(q.z));
        float ic = max(s - 0.035, drip - q.y);
        ic = smax(smax(ic, abs(q.x + 0.21) - 0.79, 0.03), drip - q.y, 0.03);
        o = un(o, vec2(ic * 0.6, 2.0));
    }
    return o;
}
vec3 inside_(vec2 q, float edge) {
    vec3 base = k0.x > 1.5 ? mix(colA, vec3(0.96, 0.82, 0.42), 0.55) : mix(colB, vec3(0.97, 0.90, 0.74), k0.w > 0.5 ? 0.5 : 0.25);
    if (k0.z > 0.5) {
        float m = fbm(vec3(q * 2.6, 3.0)) + 0.25 * sin(q.x * 7.0 + 5.0 * noise(vec3(q * 2.5, 1.0)));
        base = mix(vec3(0.92, 0.72, 0.34), colB * 0.9, smoothstep(0.42, 0.50, m));
    }
    vec3 c = crumb(q, base);
    if (k0.y > 1.5 && k0.y < 2.5) { vec2 ce = cells(vec3(q * 15.0, 3.0)); c = mix(c, vec3(0.32, 0.20, 0.09), smoothstep(0.26, 0.18, ce.x) * step(ce.y, 0.6)); }
    return mix(c, colC * 0.8, smoothstep(-0.055, -0.015, edge));
}
Mat surface(vec3 p, vec3 n, float id) {
    vec3 q = lay(p);
    if (id > 1.5) return Mat(mix(vec3(0.97), colB, 0.35), 0.14, 0.05, 0.0, 0.5, 0.0);
    if (id > 0.5) {
        vec3 g = slice(p); float e = section(g.zy);
        if (abs(g.x) > 0.068 && e < -0.005) return Mat(inside_(g.zy, e), 0.7, 0.03, 0.0, 0.35, 0.0);
        return Mat(crust(p, 0.75), 0.4, 0.04, 0.0, 0.2, 0.0);
    }
    float e = section(q.zy);
    if (q.x > 0.54) return Mat(inside_(q.zy, e), 0.7, 0.03, 0.0, 0.35, 0.0);
    float bake = 0.30 + 0.55 * smoothstep(0.3, 0.9, q.y) + 0.15 * sat(n.y);
    float sc = k0.x < 0.5 ? smoothstep(0.15, 0.04, score(q) + 0.05 * (noise(q * 9.0) - 0.5)) * smoothstep(0.32, 0.5, q.y) : 0.0;
    vec3 c = crust(q, bake - 0.75 * sc);
    if (k0.y > 2.5) c = mix(c, vec3(0.96, 0.93, 0.87), (1.0 - sc) * 0.72 * smoothstep(0.36, 0.62, fbm(q * 6.0)) * smoothstep(0.2, 0.6, q.y));
    if (k0.y > 1.5 && k0.y < 2.5) { vec2 ce = cells(q * 11.0); c = mix(c, ce.y < 0.45 ? vec3(0.86, 0.74, 0.48) : ce.y < 0.7 ? vec3(0.42, 0.45, 0.20) : vec3(0.20, 0.12, 0.06), smoothstep(0.40, 0.30, ce.x) * smoothstep(0.45, 0.6, q.y)); }
    return Mat(c, mix(0.5, 0.2, k0.w), 0.045, 0.0, 0.25, 0.0);
}
