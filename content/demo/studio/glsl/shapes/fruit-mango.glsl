vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.46, 0); q = rotZ(q, 0.95);
    q.x += 0.12 * q.y * q.y;
    float d = ellipsoid(q, vec3(0.44, 0.60, 0.42));
    d = smin(d, length(q - vec3(0.12, -0.40, 0)) - 0.18, 0.3);
    vec2 o = vec2(d * 0.85, 0.0);
    return un(o, vec2(capsule2(q, vec3(0, 0.55, 0), vec3(0.02, 0.70, 0), 0.035, 0.03), 1.0));
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    if (id > 0.5) return matt(vec3(0.20, 0.12, 0.05));
    vec3 q = rotZ(p - vec3(0, 0.46, 0), 0.95);
    float t = dot(normalize(q), normalize(vec3(0.55, 0.75, 0.25)));
    vec3 c = mix(colA, colB, smoothstep(-0.2, 0.75, t + 0.35 * (noise(p * 3.0) - 0.5)));
    c = mix(c, colC, smoothstep(0.25, 0.95, -t + 0.3 * (noise(p * 2.0 + 4.0) - 0.5)) * 0.75);
    vec2 ce = cells(p * 24.0);
    c = mix(c, vec3(0.95, 0.75, 0.35), smoothstep(0.14, 0.06, ce.x) * 0.35);
    return Mat(c, 0.2, 0.045, 0.0, 0.5, 0.0);
}
#include heap.glsl
