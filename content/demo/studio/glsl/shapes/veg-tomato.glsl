vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.345, 0);
    float r = length(q.xz); float a = atan(q.z, q.x);
    float rib = 0.016 * cos(a * 6.0 + i) * smoothstep(-0.1, 0.4, q.y);
    float d = length(vec2(r - 0.16, q.y * 1.05)) - 0.36 + rib;
    d = smax(d, -(length(vec2(r, q.y - 0.52)) - 0.17), 0.12);
    vec2 o = vec2(d * 0.85, 0.0);
    float g = a * 5.0 / (2.0 * PI); float ga = (fract(g) - 0.5) * 2.0 * PI / 5.0;
    vec2 s = vec2(cos(ga), sin(ga)) * r;
    float lift = 0.375 + 0.10 * s.x - 0.75 * s.x * s.x + 0.05 * sin(floor(g) * 2.3 + i);
    float leaf = max(abs(q.y - lift) - 0.012, length(vec2(s.x * 0.55 - 0.12, abs(s.y) + 0.16)) - 0.215);
    o = un(o, vec2(leaf * 0.6, 1.0));
    vec3 st = q - vec3(0, 0.33, 0); st.x -= st.y * st.y * 0.5;
    return un(o, vec2(capsule2(st, vec3(0), vec3(0, 0.26, 0), 0.022, 0.032) * 0.85, 1.0));
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    if (id > 0.5) return Mat(mix(vec3(0.06, 0.20, 0.03), vec3(0.20, 0.42, 0.07), noise(p * 14.0)), 0.5, 0.035, 0.0, 0.35, 0.0);
    vec3 q = p - vec3(0, 0.345, 0);
    vec3 c = mix(colA, colB, 0.35 * smoothstep(0.30, 0.0, length(q.xz)) * step(0.0, q.y));
    c *= 0.92 + 0.16 * noise(p * 5.0 + i * 3.0);
    return Mat(c, 0.09, 0.05, 0.0, 0.5, 0.0);
}
#include heap.glsl
