// A tapered tub with a lid. k0: bottom radius, top radius, height, lid height.
// k1: lid kind (0 snap lid, 1 foil with a tab, 2 coffee lid), sleeve (1), part of the round the label takes, roundness of the plan (0 round, 1 square with soft corners).
float plan(vec3 p) { return length(p.xz); }
vec3 squash(vec3 p) {
    if (k1.w < 0.5) return p;
    // A rounded square plan read as a radius.
    vec2 a = abs(p.xz); float m = pow(pow(a.x * 0.86, 4.0) + pow(a.y * 1.12, 4.0), 0.25);
    return vec3(p.xz * m / max(length(p.xz), 0.001), p.y).xzy;
}
vec2 map(vec3 p) {
    vec3 q = squash(p);
    float H = k0.z; float r0 = k0.x; float r1 = k0.y;
    float b = cone(q, r0, r1, 0.0, H, 0.03);
    vec2 o = vec2(b, 0.0);
    if (k1.x < 0.5) {
        float l = cyl(q, r1 + 0.045, H - 0.07, H - 0.07 + k0.w, 0.03);
        l = min(l, cyl(q, r1 + 0.065, H - 0.075, H - 0.035, 0.015));
        l += 0.02 * smoothstep(r1 - 0.10, r1 - 0.14, length(q.xz)) * step(H, q.y);
        o = un(o, vec2(l, 1.0));
    } else if (k1.x < 1.5) {
        float a = atan(p.x, p.z);
        float wav = 0.008 * sin(a * 26.0);
        float l = cyl(q, r1 + 0.06, H - 0.01 + wav, H + 0.02 + wav, 0.008) * 0.8;
        l = min(l, cyl(q, r1 + 0.035, H - 0.06, H - 0.02, 0.015));
        vec3 t = p - vec3(0.35 * r1, H - 0.05, r1 * 1.0);
        l = min(l, rbox(rotX(t, 0.9), vec3(0.12, 0.012, 0.13), 0.012));
        o = un(o, vec2(l, 1.0));
    } else {
        float l = cyl(q, r1 + 0.05, H - 0.05, H + 0.06, 0.03);
        float up = cone(q, r1 * 0.98, r1 * 0.86, H + 0.03, H + 0.24, 0.04);
        up = max(up, -cyl(q, r1 * 0.76, H + 0.17, H + 0.5, 0.02));
        o = un(o, vec2(min(l, up), 1.0));
        float rim = torus(q - vec3(0, H - 0.02, 0), r1 + 0.02, 0.03);
        o = un(o, vec2(rim, 1.0));
    }
    if (k1.y > 0.5) {
        float y0 = H * 0.24; float y1 = H * 0.70;
        float s = cone(q, mix(r0, r1, 0.24) + 0.022, mix(r0, r1, 0.70) + 0.022, y0, y1, 0.008);
        o = un(o, vec2(s, 2.0));
    }
    return vec2(o.x * (k1.w > 0.5 ? 0.8 : 1.0), o.y);
}
Mat surface(vec3 p, vec3 n, float id) {
    float H = k0.z;
    if (id > 0.5 && id < 1.5) {
        if (k1.x > 1.5) return Mat(dot(colA, vec3(1.0)) > 2.0 ? vec3(0.05, 0.04, 0.04) : vec3(0.93), 0.32, 0.05, 0.0, 0.1, 0.0);
        if (k1.x > 0.5) return Mat(n.y > 0.5 ? mix(vec3(0.86), colA, 0.25) : vec3(0.86), 0.2, 0.6, 0.75, 0.0, 0.0);
        return Mat(n.y > 0.8 ? mix(texS(vec2(0.5 + 0.4 * p.x / k0.y, 0.06)), colB, 0.0) : mix(texS(vec2(0.5, 0.06)), vec3(1.0), 0.12), 0.28, 0.05, 0.0, 0.15, 0.0);
    }
    float u = around(p, k1.z);
    if (id > 1.5) return Mat(texF(vec2(u, (H * 0.70 - p.y) / (H * 0.46))), 0.5, 0.035, 0.0, 0.0, 0.0);
    if (k1.y > 0.5) return Mat(texS(vec2(0.5, 0.04)), 0.36, 0.04, 0.0, 0.0, 0.0);
    float v = (H - 0.15 - p.y) / (H - 0.15);
    return Mat(v < 0.0 ? texS(vec2(u, 0.02)) : texF(vec2(u, v)), 0.28, 0.045, 0.0, 0.1, 0.0);
}
