float pear(vec3 q) {
    float b = length(q) - 0.44;
    float t = length(q - vec3(0, 0.52, 0)) - 0.20;
    return smin(b, t, 0.62);
}
vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.42, 0);
    float a = i < 0.5 ? 0.18 : -0.42;
    q = rotZ(q, a);
    float d = pear(q);
    if (i < 0.5) { d += 0.010 * noise(q * 22.0); return vec2(d * 0.85, 0.0); }
    q = rotX(q, -0.12);
    float c = max(d, q.z - 0.02);
    float pit = length(q - vec3(0, -0.03, 0.02)) - 0.205;
    if (i < 1.5) { vec2 o = vec2(c * 0.9, 1.0); return un(o, vec2(pit, 2.0)); }
    return vec2(max(c, -(length(q - vec3(0, -0.03, 0.03)) - 0.21)) * 0.9, 1.0);
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = rotZ(p - vec3(0, 0.42, 0), i < 0.5 ? 0.18 : -0.42);
    if (id > 1.5) return Mat(mix(vec3(0.27, 0.12, 0.05), vec3(0.42, 0.22, 0.10), fbm(q * 6.0)), 0.25, 0.05, 0.0, 0.1, 0.0);
    if (id > 0.5) {
        q = rotX(q, -0.12);
        if (q.z > -0.012) {
            float e = -pear(vec3(q.xy, 0.0));
            vec3 c = mix(vec3(0.40, 0.55, 0.10), vec3(0.82, 0.80, 0.34), smoothstep(0.03, 0.20, e));
            c = mix(vec3(0.05, 0.09, 0.02), c, smoothstep(0.012, 0.028, e));
            return Mat(c, 0.3, 0.04, 0.0, 0.5, 0.0);
        }
    }
    vec3 c = mix(colA * 0.45, colA * 1.1, noise(q * 20.0));
    return Mat(c, 0.3, 0.05, 0.0, 0.1, 0.0);
}
#include heap.glsl
