vec2 map(vec3 p) {
    float stem = capsule2(p, vec3(0.0, 0.16, 0), vec3(0, 0.75, 0), 0.27, 0.24);
    stem = max(stem, -(p.y - 0.0));
    float f = 1e3;
    for (int i = 0; i < 11; i++) {
        float k = float(i); float a = k * 2.39996;
        vec3 c; float r;
        if (i < 7) { a = k * 2.0 * PI / 7.0 + 0.2; c = vec3(0.60 * cos(a), 1.06 + 0.05 * sin(k * 5.0), 0.56 * sin(a)); r = 0.335; }
        else { c = vec3(0.30 * cos(a), 1.38 + 0.06 * sin(k * 3.0), 0.30 * sin(a)); r = 0.37; }
        stem = smin(stem, capsule2(p, vec3(0, 0.5, 0), c, 0.16, 0.11), 0.08);
        f = smin(f, length((p - c) * vec3(1.0, 1.12, 1.0)) - r, 0.03);
    }
    vec2 c1 = cells(p * 8.5); vec2 c2 = cells(p * 19.0);
    f += 0.085 * c1.x - 0.06 + 0.03 * c2.x;
    return un(vec2(stem * 0.9, 0.0), vec2(f * 0.6, 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 0.5) {
        vec2 c1 = cells(p * 8.5); vec2 c2 = cells(p * 19.0);
        vec3 c = mix(colB * 1.0, colA * 0.42, smoothstep(0.1, 0.62, c1.x));
        c = mix(c * 1.15, c * 0.6, smoothstep(0.15, 0.6, c2.x));
        return Mat(c, 0.6, 0.03, 0.0, 0.35, 0.0);
    }
    vec3 c = mix(colC, colC * vec3(0.75, 0.9, 0.6), noise(p * vec3(12.0, 2.0, 12.0)));
    return Mat(c, 0.4, 0.04, 0.0, 0.4, 0.0);
}
