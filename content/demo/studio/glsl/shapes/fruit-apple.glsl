float leafAt(vec3 p) {
    vec3 l = rotZ(p, -0.55); l.y -= 0.2 * l.x * (0.5 - l.x);
    return max(length(vec2(abs(l.z) + 0.26, l.x - 0.30)) - 0.40, abs(l.y) - 0.010);
}
vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.37, 0);
    float r = length(q.xz); float a = atan(q.z, q.x);
    r *= 1.0 - 0.16 * q.y;
    float bump = 0.018 * cos(a * 5.0) * smoothstep(0.1, -0.5, q.y);
    float d = length(vec2(r - 0.20, q.y * 0.95)) - 0.345 + bump;
    vec2 o = vec2(d * 0.85, 0.0);
    vec3 s = q - vec3(0, 0.20, 0); s.x -= 0.3 * s.y * s.y;
    o = un(o, vec2(capsule2(s, vec3(0), vec3(0, 0.42, 0), 0.018, 0.028) * 0.9, 1.0));
    if (i > 2.5 || i == 1.0) o = un(o, vec2(leafAt(q - vec3(0.0, 0.40, 0.0)) * 0.7, 2.0));
    return o;
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = p - vec3(0, 0.37, 0);
    if (id > 1.5) return Mat(mix(vec3(0.10, 0.30, 0.04), vec3(0.30, 0.52, 0.10), smoothstep(0.0, 0.03, abs(q.z))), 0.35, 0.04, 0.0, 0.4, 0.0);
    if (id > 0.5) return matt(mix(vec3(0.12, 0.07, 0.03), vec3(0.30, 0.20, 0.08), noise(p * 30.0)));
    float a = atan(q.z, q.x);
    vec3 ring = vec3(cos(a), 0.0, sin(a));
    float streak = noise(ring * 11.0 + vec3(0, q.y * 1.6, i)) * 0.55 + noise(ring * 30.0 + vec3(0, q.y * 2.2, i)) * 0.45;
    float cheek = smoothstep(-0.75, 0.55, dot(normalize(q + 0.001), normalize(vec3(-0.3, 0.3, 0.75))) + (streak - 0.5) * 1.0);
    vec3 c = mix(colB, colA, mix(cheek, 1.0, colA.g > colA.r ? 0.6 : 0.15));
    c = mix(c, colA * 0.6, smoothstep(0.55, 0.85, streak) * 0.45);
    c = mix(c, vec3(0.50, 0.48, 0.12), smoothstep(0.24, 0.03, length(q.xz)) * step(0.0, q.y) * 0.8);
    vec2 ce = cells(p * 17.0);
    c = mix(c, vec3(0.9, 0.82, 0.5), smoothstep(0.12, 0.06, ce.x) * 0.5);
    return Mat(c, 0.13, 0.045, 0.0, 0.4, 0.0);
}
#include heap.glsl
