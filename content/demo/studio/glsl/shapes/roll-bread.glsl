// Rolls. k1.x: 0 Kaiser star, 1 poppy seeds, 2 lye with a cross and salt, 3 muffins in paper cases.
#include crust.glsl
vec2 one(vec3 p, float i) {
    float r = length(p.xz); float a = atan(p.z, p.x);
    if (k1.x > 2.5) {
        float cup = cone(p, 0.30, 0.42, 0.0, 0.46, 0.02) + 0.012 * cos(a * 28.0);
        float top = length((p - vec3(0, 0.50, 0)) * vec3(1.0, 1.25, 1.0)) - 0.47 + 0.05 * (noise(p * 5.0 + i * 3.0) - 0.5);
        top = max(top, 0.40 - p.y);
        vec2 o = un(vec2(cup * 0.75, 1.0), vec2(top * 0.8, 0.0));
        vec3 k = p + vec3(i); vec2 ce = cells(k * 4.2);
        float b = max(ce.x / 4.2 - 0.085, abs(length((p - vec3(0, 0.50, 0)) * vec3(1.0, 1.25, 1.0)) - 0.45) - 0.05);
        if (ce.y < 0.5 && p.y > 0.5) o = un(o, vec2(b * 0.6, 2.0));
        return o;
    }
    float d = length(vec2(r, max(p.y - 0.20, 0.0) * 1.15 + min(p.y - 0.20, 0.0) * 2.0)) - 0.50;
    if (k1.x < 0.5) {
        float g = abs(fract((a + r * 1.1) / (2.0 * PI) * 5.0) - 0.5) * 2.0 * PI / 5.0 * r;
        d += 0.075 * smoothstep(0.10, 0.0, g) * smoothstep(0.52, 0.25, r) * step(0.2, p.y);
    } else if (k1.x > 1.5) d += 0.06 * smoothstep(0.09, 0.02, min(abs(p.x), abs(p.z))) * smoothstep(0.42, 0.20, r) * step(0.25, p.y);
    else d += 0.06 * smoothstep(0.08, 0.0, abs(p.z)) * smoothstep(0.46, 0.1, abs(p.x)) * step(0.25, p.y);
    return vec2(d * 0.7, 0.0);
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    float r = length(p.xz); float a = atan(p.z, p.x);
    if (k1.x > 2.5) {
        if (id > 1.5) return Mat(vec3(0.05, 0.05, 0.20), 0.2, 0.05, 0.0, 0.3, 0.0);
        if (id > 0.5) return Mat(mix(vec3(0.90, 0.84, 0.74), vec3(0.70, 0.60, 0.48), 0.5 + 0.5 * cos(a * 28.0)), 0.7, 0.03, 0.0, 0.3, 0.0);
        return Mat(mix(vec3(0.85, 0.58, 0.24), vec3(0.50, 0.24, 0.07), smoothstep(0.25, 0.8, fbm(p * 5.0 + i) + 0.35 * (p.y - 0.7))), 0.45, 0.04, 0.0, 0.3, 0.0);
    }
    float bake = 0.32 + 0.45 * sat(n.y) + 0.1 * sin(i * 3.0); float pale = 0.0;
    if (k1.x < 0.5) {
        float g = abs(fract((a + r * 1.1) / (2.0 * PI) * 5.0) - 0.5) * 2.0 * PI / 5.0 * r;
        pale = smoothstep(0.09, 0.03, g) * smoothstep(0.5, 0.3, r) * step(0.25, p.y);
    } else if (k1.x > 1.5) pale = smoothstep(0.10, 0.06, min(abs(p.x), abs(p.z)) + 0.03 * (noise(p * 9.0) - 0.5)) * smoothstep(0.40, 0.28, r) * step(0.25, p.y);
    vec3 c = crust(p + i * 3.0, bake - 0.5 * pale * step(k1.x, 1.5));
    if (k1.x > 1.5) {
        c = mix(mix(colA, colA * 0.55, sat(0.4 + 0.5 * (fbm(p * 4.0 + i) - 0.4) + 0.3 * n.y)), vec3(0.93, 0.82, 0.58), pale);
        vec2 ce = cells(p * 11.0 + i); c = mix(c, vec3(0.98), smoothstep(0.24, 0.16, ce.x) * step(ce.y, 0.45) * step(0.42, p.y));
        return Mat(c, mix(0.2, 0.6, pale), 0.05, 0.0, 0.2, 0.0);
    }
    if (k1.x > 0.5) {
        c = mix(mix(colB, colA, 0.75), colA * 0.65, smoothstep(0.35, 0.75, bake + 0.4 * (fbm(p * 4.0 + i) - 0.5)));
        vec2 ce = cells(p * 20.0 + i); c = mix(c, vec3(0.035, 0.035, 0.05), smoothstep(0.42, 0.30, ce.x) * smoothstep(0.30, 0.48, p.y + 0.1 * noise(p * 6.0)));
    }
    return Mat(c, 0.42, 0.04, 0.0, 0.25, 0.0);
}
#include heap.glsl
