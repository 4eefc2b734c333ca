// Potatoes and onions. k1.x: onion (1).
vec2 one(vec3 p, float i) {
    vec3 q = p - vec3(0, 0.42, 0);
    if (k1.x > 0.5) {
        float r = length(q.xz);
        float d = length(vec2(r, q.y * 1.08)) - 0.46;
        d = smin(d, capsule2(q, vec3(0, 0.36, 0), vec3(0.03, 0.66, 0.02), 0.07, 0.03), 0.20);
        d = smin(d, length(q + vec3(0, 0.44, 0)) - 0.06, 0.08);
        float a = atan(q.z, q.x);
        d -= 0.004 * sin(a * 22.0) * smoothstep(0.46, 0.2, abs(q.y));
        return vec2(d * 0.85, 0.0);
    }
    q = rotZ(q, 1.3 + i);
    float d = ellipsoid(q, vec3(0.44, 0.56, 0.40));
    d += 0.11 * (noise(q * 2.2 + i * 7.0) - 0.5);
    d += 0.025 * smoothstep(0.16, 0.02, cells(q * 3.3 + i).x);
    return vec2(d * 0.8, 0.0);
}
Mat skin(vec3 p, vec3 n, float id, float i) {
    vec3 q = p - vec3(0, 0.42, 0);
    if (k1.x > 0.5) {
        float a = atan(q.z, q.x);
        vec3 ring = vec3(cos(a), 0.0, sin(a));
        float vein = noise(ring * 16.0 + vec3(0, q.y * 0.9 + i * 3.0, 0));
        vec3 c = mix(colA, colB, 0.5 * noise(p * 3.0 + i));
        c = mix(c, colC * 0.8, smoothstep(0.55, 0.78, vein) * 0.7);
        c = mix(c, colC * 0.55, smoothstep(0.42, 0.62, q.y) * 0.8);
        return Mat(c, 0.2, 0.05, 0.0, 0.3, 0.0);
    }
    vec3 c = mix(colA, colB, fbm(p * 4.0 + i * 5.0));
    c = mix(c, colC, smoothstep(0.55, 0.8, fbm(p * 13.0)) * 0.55);
    q = rotZ(q, 1.3 + i);
    c = mix(c, colC * 0.55, smoothstep(0.14, 0.03, cells(q * 3.3 + i).x) * 0.8);
    vec2 ce = cells(p * 26.0); c = mix(c, colC * 0.7, smoothstep(0.14, 0.06, ce.x) * 0.4);
    return Mat(c, 0.5, 0.035, 0.0, 0.25, 0.0);
}
#include heap.glsl
