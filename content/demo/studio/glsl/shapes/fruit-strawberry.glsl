vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.405, 0);
    q = rotX(q, 0.7);
    float r = length(q.xz); float a = atan(q.z, q.x);
    float prof = 0.40 * pow(sat((q.y + 0.52) / 0.80), 0.55) * (1.0 - 0.5 * smoothstep(0.12, 0.36, q.y));
    float d = (length(vec2(r, q.y * 0.35)) - prof * 0.98) * 0.6;
    d = smax(d, q.y - 0.30, 0.16);
    d = smax(d, -q.y - 0.50, 0.1);
    vec2 s = vec2(fract(a / (2.0 * PI) * 11.0 + 0.5 * floor(mod(q.y * 9.0, 2.0))) - 0.5, fract(q.y * 9.0) - 0.5);
    s.x *= r * 2.0 * PI / 11.0 * 9.0;
    float seedD = length(s * vec2(1.5, 1.0));
    d += 0.016 * smoothstep(0.42, 0.12, seedD) * step(q.y, 0.22);
    vec2 o = vec2(d * 0.8, 0.0);
    float g = a * 7.0 / (2.0 * PI); float ga = (fract(g) - 0.5) * 2.0 * PI / 7.0;
    vec2 l = vec2(cos(ga), sin(ga)) * r;
    float leaf = max(abs(q.y - 0.315 - 0.22 * l.x + 0.65 * l.x * l.x) - 0.012, length(vec2(l.x * 0.6 - 0.12, abs(l.y) + 0.12)) - 0.20);
    o = un(o, vec2(leaf * 0.65, 1.0));
    return un(o, vec2(capsule2(q, vec3(0, 0.30, 0), vec3(0.03, 0.48, 0), 0.022, 0.02), 1.0));
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    if (id > 0.5) return Mat(mix(vec3(0.10, 0.28, 0.04), vec3(0.26, 0.50, 0.10), noise(p * 9.0)), 0.5, 0.035, 0.0, 0.35, 0.0);
    vec3 q = rotX(p - vec3(0, 0.405, 0), 0.7);
    float r = length(q.xz); float a = atan(q.z, q.x);
    vec2 s = vec2(fract(a / (2.0 * PI) * 11.0 + 0.5 * floor(mod(q.y * 9.0, 2.0))) - 0.5, fract(q.y * 9.0) - 0.5);
    s.x *= r * 2.0 * PI / 11.0 * 9.0;
    vec3 c = mix(colA, colA * 0.72, noise(p * 6.0 + i));
    c = mix(c, mix(colB, vec3(0.95, 0.80, 0.6), 0.4), smoothstep(0.14, 0.30, q.y) * 0.75);
    c = mix(c, vec3(0.85, 0.62, 0.22), smoothstep(0.22, 0.15, length(s * vec2(1.7, 1.0))) * step(q.y, 0.22));
    return Mat(c, 0.12, 0.05, 0.0, 0.55, 0.0);
}
#include heap.glsl
