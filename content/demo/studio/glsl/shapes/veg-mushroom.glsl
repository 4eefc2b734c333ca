vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.30, 0);
    bool lie = i == 1.0 || i == 4.0;
    float r = length(q.xz);
    float cap = length(vec2(r, q.y * 1.12)) - 0.46;
    cap = smax(cap, -q.y, 0.12);
    cap = smax(cap, -(length(vec2(r, q.y + 0.25)) - 0.34), 0.05);
    float st = cone(q, 0.17, 0.155, -0.30, 0.08, 0.05);
    return un(vec2(cap * 0.9, 0.0), vec2(st, 1.0));
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = p - vec3(0, 0.30, 0);
    if (id > 0.5) return Mat(mix(colB, vec3(0.85, 0.75, 0.6), noise(p * vec3(20.0, 4.0, 20.0)) * 0.5), 0.6, 0.03, 0.0, 0.4, 0.0);
    if (n.y < -0.35 && length(q.xz) < 0.42) return Mat(mix(vec3(0.16, 0.09, 0.05), vec3(0.42, 0.28, 0.18), 0.5 + 0.5 * sin(atan(q.z, q.x) * 60.0)), 0.7, 0.03, 0.0, 0.2, 0.0);
    vec3 c = mix(colA, colC, smoothstep(0.45, 0.75, fbm(p * 5.0 + i)) * 0.5);
    c = mix(c, colB, 0.35 * smoothstep(0.05, -0.02, q.y));
    vec2 ce = cells(p * 12.0); c = mix(c, colA * 0.62, smoothstep(0.3, 0.1, ce.x) * 0.45);
    return Mat(c, 0.45, 0.04, 0.0, 0.35, 0.0);
}
#include heap.glsl
