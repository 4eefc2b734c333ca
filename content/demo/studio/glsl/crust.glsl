// Baked crust: pale where it has split or stayed low, brown on the shoulders, with a fine bubble grain.
vec3 crust(vec3 p, float bake) {
    float f = fbm(p * 5.0);
    vec3 c = mix(colB, colA, smoothstep(0.05, 0.45, bake + 0.25 * (f - 0.5)));
    c = mix(c, colC, smoothstep(0.45, 1.0, bake + 0.45 * (f - 0.5)));
    return c * (0.88 + 0.2 * noise(p * 24.0));
}
vec3 crumb(vec2 q, vec3 c) {
    float h = cells(vec3(q * 13.0, 1.0)).x; float g = noise(vec3(q * 42.0, 2.0));
    return c * (0.80 + 0.2 * smoothstep(0.12, 0.4, h)) * (0.92 + 0.12 * g);
}
