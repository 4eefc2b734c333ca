vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.49, 0);
    float r = length(q.xz); float a = atan(q.z, q.x);
    float lobe = 0.5 + 0.5 * cos(a * 4.0 + i);
    r += 0.055 * (1.0 - lobe) - 0.02;
    float d = length(max(abs(vec2(r, q.y)) - vec2(0.24 + 0.06 * q.y, 0.32), vec2(0.0))) - 0.19;
    d = smax(d, -(length(vec2(length(q.xz), q.y - 0.60)) - 0.19), 0.14);
    d = smax(d, -(length(vec2(length(q.xz), q.y + 0.60)) - 0.15), 0.10);
    vec2 o = vec2(d * 0.75, 0.0);
    vec3 s = q - vec3(0, 0.36, 0); s.x -= 0.35 * s.y * s.y;
    float st = capsule2(s, vec3(0), vec3(0, 0.32, 0), 0.045, 0.065);
    st = smin(st, ellipsoid(s - vec3(0, 0.02, 0), vec3(0.16, 0.05, 0.16)), 0.06);
    return un(o, vec2(st, 1.0));
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    if (id > 0.5) return Mat(mix(vec3(0.08, 0.22, 0.04), vec3(0.22, 0.42, 0.09), noise(p * 8.0)), 0.4, 0.04, 0.0, 0.3, 0.0);
    return Mat(mix(colA, colA * 0.75, noise(p * 2.5)), 0.07, 0.055, 0.0, 0.3, 0.0);
}
#include heap.glsl
