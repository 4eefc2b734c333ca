// Two baguettes. k0.x: seeds (1).
#include crust.glsl
vec3 lay(vec3 p, float i) { return i < 0.5 ? rotY(p - vec3(0.0, 0.26, 0.22), 0.50) : rotY(rotZ(p - vec3(-0.05, 0.52, -0.22), -0.03), 0.22); }
float cut(vec3 q) {
    float g = q.x * 1.9 - q.z * 1.3; return abs(fract(g) - 0.5);
}
float stick(vec3 q) {
    float x = abs(q.x) / 1.75;
    float r = 0.285 * pow(max(1.0 - pow(x, 3.0), 0.0), 0.55);
    float d = length(vec3(max(abs(q.x) - 1.7, 0.0), q.y * 1.12, q.z)) - r - 0.01;
    d += 0.05 * smoothstep(0.16, 0.02, cut(q)) * smoothstep(0.02, 0.16, q.y);
    return d * 0.72;
}
vec2 map(vec3 p) { return un(vec2(stick(lay(p, 0.0)), 0.0), vec2(stick(lay(p, 1.0)), 1.0)); }
Mat surface(vec3 p, vec3 n, float id) {
    vec3 q = lay(p, id);
    float s = smoothstep(0.17, 0.05, cut(q) + 0.05 * (noise(q * 9.0) - 0.5)) * smoothstep(0.04, 0.15, q.y);
    float edge = smoothstep(0.10, 0.0, abs(cut(q) - 0.19)) * smoothstep(0.0, 0.15, q.y);
    vec3 c = crust(q, 0.35 + 0.35 * sat(n.y) + 0.35 * edge - 0.8 * s);
    c = mix(c, vec3(0.96, 0.93, 0.87), 0.5 * smoothstep(0.52, 0.78, fbm(q * 8.0)) * (1.0 - s) * sat(n.y + 0.3));
    if (k0.x > 0.5) { vec2 ce = cells(q * 13.0); c = mix(c, ce.y < 0.5 ? vec3(0.88, 0.78, 0.55) : ce.y < 0.75 ? vec3(0.16, 0.11, 0.07) : vec3(0.45, 0.28, 0.12), smoothstep(0.36, 0.26, ce.x) * smoothstep(-0.05, 0.05, q.y) * (1.0 - s)); }
    return Mat(c, 0.48, 0.04, 0.0, 0.25, 0.0);
}
