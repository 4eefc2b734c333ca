// Oranges and lemons; the last piece is cut in half. k1: lemon (1).
vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, k1.x > 0.5 ? 0.45 : 0.485, 0);
    bool cut = i > 1.5;
    if (k1.x > 0.5) { if (!cut) q = rotZ(q, 1.2 + i * 0.3); }
    if (cut) q = rotX(q, -1.05);
    if (k1.x > 0.5 && cut) q.y += 0.0;
    float d;
    if (k1.x > 0.5) {
        float r = length(q.xz);
        d = length(vec2(r, q.y * 0.80)) - 0.44;
        d = smin(d, length(vec2(r, abs(q.y) - 0.55)) - 0.06, 0.26);
        d += 0.006 * noise(q * 26.0);
    } else {
        d = length(q * vec3(1.0, 1.04, 1.0)) - 0.485;
        d += 0.006 * noise(q * 28.0);
        d += 0.02 * smoothstep(0.09, 0.0, length(q.xz)) * step(0.0, q.y);
    }
    vec2 o = vec2(d * 0.85, 0.0);
    if (cut) o = vec2(max(d * 0.85, q.y - 0.0), 2.0);
    else {
        o = un(o, vec2(ellipsoid(q - vec3(0, k1.x > 0.5 ? 0.62 : 0.475, 0), vec3(0.05, 0.025, 0.05)), 1.0));
        if (i > 0.5) {
            vec3 l = rotZ(q - vec3(0.0, k1.x > 0.5 ? 0.62 : 0.48, 0.0), -0.35); l.y -= 0.35 * l.x * (0.6 - l.x);
            o = un(o, vec2(max(length(vec2(abs(l.z) + 0.34, l.x - 0.40)) - 0.53, abs(l.y) - 0.011) * 0.7, 3.0));
        }
    }
    return o;
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = p - vec3(0, k1.x > 0.5 ? 0.45 : 0.485, 0);
    if (id > 2.5) return Mat(vec3(0.09, 0.27, 0.04), 0.28, 0.05, 0.0, 0.35, 0.0);
    if (id > 1.5) {
        q = rotX(q, -1.05);
        float R = k1.x > 0.5 ? 0.44 : 0.485;
        if (q.y > -0.012) return Mat(citrusFace(q.xz / R, mix(colA, colB, 0.2), mix(colB, colA, 0.72)), 0.2, 0.05, 0.0, 0.6, 0.0);
    } else if (id > 0.5) return matt(vec3(0.18, 0.26, 0.06));
    vec3 c = mix(colA, colB, 0.25 * noise(p * 3.0 + i)) * (0.90 + 0.14 * smoothstep(0.2, 0.5, cells(p * 30.0).x));
    return Mat(c, 0.27, 0.045, 0.0, 0.4, 0.0);
}
#include heap.glsl
