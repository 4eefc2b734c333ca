// Meat or fish on a dark slate. k0.x: 0 steak, 1 salmon.
float cut_(vec2 q) {
    if (k0.x > 0.5) { q.x += 0.1; float w = 0.50 - 0.16 * q.x - 0.06 * q.x * q.x; return max(abs(q.x) - 1.12, abs(q.y - 0.05 * sin(q.x * 2.0)) - w); }
    float a = atan(q.y, q.x);
    return length(q * vec2(0.80, 1.12)) - 0.80 - 0.07 * sin(a * 2.0 + 0.6) - 0.05 * sin(a * 3.0) - 0.10 * smoothstep(0.9, 0.0, abs(a - 2.7));
}
vec2 map(vec3 p) {
    float slate = rbox(p - vec3(0, 0.05, 0), vec3(1.28, 0.05, 0.86), 0.02) + 0.012 * noise(p * vec3(3.0, 9.0, 3.0));
    vec2 o = vec2(slate * 0.9, 0.0);
    vec3 q = rotY(p - vec3(0.0, 0.10, 0.0), 0.16);
    float e = cut_(q.xz);
    float H = k0.x > 0.5 ? 0.42 - 0.22 * sq(q.z / 0.6) - 0.05 * q.x : 0.34;
    float d = smax(e, abs(q.y - H * 0.5) - H * 0.5, 0.13);
    d -= 0.012 * noise(q * 5.0);
    o = un(o, vec2(d * 0.62, 1.0));
    // a sprig of rosemary or a slice of lemon
    if (k0.x > 0.5) {
        vec3 l = rotX(p - vec3(0.92, 0.15, 0.52), 0.12);
        o = un(o, vec2(cyl(l, 0.28, -0.03, 0.04, 0.01), 2.0));
    }
    vec3 s = rotY(p - vec3(k0.x > 0.5 ? -0.2 : 0.35, k0.x > 0.5 ? 0.53 : 0.47, k0.x > 0.5 ? 0.05 : 0.12), 0.5);
    float st = capsule(s, vec3(-0.55, 0, 0), vec3(0.5, 0.02, 0), 0.014);
    float t = clamp(floor(s.x * 14.0 + 0.5) / 14.0, -0.5, 0.5);
    vec3 b = s - vec3(t, 0.0, 0.0); b.z = abs(b.z);
    st = min(st, capsule2(b, vec3(0), vec3(0.07, 0.03 + 0.02 * sin(t * 40.0), 0.13 * (1.0 - 0.5 * abs(t))), 0.017, 0.009));
    return un(o, vec2(st * 0.8, 3.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 2.5) return Mat(mix(vec3(0.05, 0.17, 0.05), vec3(0.20, 0.40, 0.12), noise(p * 18.0)), 0.5, 0.03, 0.0, 0.3, 0.0);
    if (id > 1.5) { vec3 l = rotX(p - vec3(0.92, 0.15, 0.52), 0.12); return Mat(citrusFace(l.xz / 0.28, vec3(0.95, 0.66, 0.04), vec3(0.97, 0.82, 0.20)), 0.15, 0.05, 0.0, 0.6, 0.0); }
    if (id < 0.5) return Mat(mix(vec3(0.045, 0.048, 0.052), vec3(0.10, 0.105, 0.11), fbm(p * 6.0)), 0.45, 0.05, 0.0, 0.0, 0.0);
    vec3 q = rotY(p - vec3(0.0, 0.10, 0.0), 0.16);
    float e = cut_(q.xz);
    if (k0.x > 0.5) {
        float u = q.x + 0.55 * sq(abs(q.z) * 1.4) * 1.0 + 0.05 * noise(q * 3.0);
        float band = smoothstep(0.78, 0.96, sin(u * 26.0));
        vec3 c = mix(colA, colA * vec3(0.92, 0.62, 0.5), fbm(q * 3.0));
        c = mix(c, mix(colB, vec3(1.0, 0.93, 0.85), 0.4), band * 0.85);
        c = mix(c, mix(colB, vec3(1.0), 0.3), smoothstep(0.05, 0.0, abs(q.z - 0.02 - 0.03 * sin(q.x * 5.0))) * 0.6);
        c = mix(c, colC * 0.6, smoothstep(0.07, 0.02, q.y));
        return Mat(c, 0.16, 0.05, 0.0, 0.5, 0.0);
    }
    vec3 c = mix(colA, colC, smoothstep(0.35, 0.75, fbm(q * 3.0)) * 0.6);
    float m1 = noise(q * vec3(4.5, 3.0, 4.5) + 2.0 * noise(q * 2.3)); float m2 = noise(q * vec3(9.0, 5.0, 9.0) + 1.5 * noise(q * 5.0));
    float marb = smoothstep(0.055, 0.0, abs(m1 - 0.5)) * smoothstep(0.35, 0.6, noise(q * 2.0 + 5.0)) + smoothstep(0.05, 0.0, abs(m2 - 0.52)) * 0.7 * smoothstep(0.45, 0.65, noise(q * 2.6));
    c = mix(c, colB, sat(marb) * 0.85);
    float fat = smoothstep(-0.14, -0.09, e + 0.05 * (noise(q * 5.0) - 0.5)) * smoothstep(0.25, -0.25, q.z + 0.25 * q.x);
    c = mix(c, mix(colB, vec3(0.97, 0.90, 0.78), 0.5), fat);
    return Mat(c, 0.2, 0.05, 0.0, 0.4, 0.0);
}
