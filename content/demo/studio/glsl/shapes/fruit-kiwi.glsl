vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.46, 0);
    bool cut = i > 1.5;
    q = cut ? rotX(q, -1.10) : rotZ(q, 1.25 + i * 0.4);
    float d = ellipsoid(q, vec3(0.46, cut ? 0.46 : 0.58, 0.46));
    d += 0.008 * noise(q * 40.0) * (cut ? 0.0 : 1.0);
    if (cut) return vec2(max(d, q.y) * 0.9, 2.0);
    return vec2(d * 0.85, 0.0);
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = p - vec3(0, 0.46, 0);
    if (id > 1.5) {
        q = rotX(q, -1.10);
        if (q.y > -0.012) {
            float r = length(q.xz) / 0.46; float a = atan(q.z, q.x);
            float ray = 0.5 + 0.5 * sin(a * 38.0 + 2.0 * noise(vec3(a * 4.0, r * 3.0, 1.0)));
            vec3 c = mix(vec3(0.33, 0.56, 0.06), vec3(0.47, 0.70, 0.14), ray * smoothstep(0.2, 0.5, r));
            c = mix(c, vec3(0.86, 0.88, 0.62), smoothstep(0.27, 0.19, r + 0.02 * sin(a * 9.0)));
            float ring = smoothstep(0.13, 0.05, abs(r - 0.40));
            vec2 ce = vec2(fract(a / (2.0 * PI) * 26.0) - 0.5, (r - 0.40 - 0.05 * sin(floor(a / (2.0 * PI) * 26.0) * 2.4)) * 5.5);
            c = mix(c, vec3(0.015, 0.012, 0.01), smoothstep(0.34, 0.24, length(ce * vec2(1.0, 0.75))) * ring);
            c = mix(c, vec3(0.20, 0.12, 0.05), smoothstep(0.955, 0.98, r));
            return Mat(c, 0.16, 0.05, 0.0, 0.6, 0.0);
        }
    }
    vec3 c = colA * mix(0.55, 1.15, noise(p * 34.0)) * vec3(1.0, 0.95, 0.8);
    return Mat(c, 0.75, 0.03, 0.0, 0.25, 0.0);
}
#include heap.glsl
