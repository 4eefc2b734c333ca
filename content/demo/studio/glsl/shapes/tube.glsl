// A squeeze tube standing on its cap, crimped at the top. k0: radius, height, cap height, kind (0 tube, 1 stick).
vec2 map(vec3 p) {
    float R = k0.x; float H = k0.y; float c = k0.z; float a = atan(p.x, p.z);
    if (k0.w > 0.5) {
        float b = cyl(p, R, 0.0, c, 0.05);
        float t = cyl(p, R * 0.97, c + 0.012, H, 0.06);
        return un(vec2(b, 0.0), vec2(t, 1.0));
    }
    float t = sat((p.y - c) / (H - c));
    float flatten = smoothstep(0.0, 1.0, t);
    float rx = R * mix(1.0, 1.16, flatten); float rz = R * mix(1.0, 0.05, pow(t, 1.35));
    float d = (length(p.xz / vec2(rx, rz)) - 1.0) * rz;
    d = max(d * mix(1.0, 0.8, t), box2(vec2(p.x, p.y - 0.5 * (c + H)), vec2(rx, 0.5 * (H - c))));
    float crimp = smoothstep(H - 0.13, H - 0.12, p.y);
    float cr = box3(p - vec3(0, H - 0.06, 0), vec3(R * 1.16, 0.06, 0.018 + 0.003 * sin(p.y * 160.0)));
    vec2 o = vec2(min(d * 0.72, cr * 0.8), 0.0);
    float cap = cone(p, R * 0.80 + 0.007 * cos(a * 40.0), R * 0.93 + 0.007 * cos(a * 40.0), 0.0, c - 0.02, 0.025) * 0.85;
    o = un(o, vec2(cap, 1.0));
    float neck = cyl(p, R * 0.99, c - 0.04, c + 0.02, 0.015);
    return un(o, vec2(neck, 0.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    float R = k0.x; float H = k0.y; float c = k0.z;
    if (k0.w > 0.5) {
        if (id > 0.5) return Mat(mix(colB, vec3(0.9), 0.2), 0.22, 0.05, 0.0, 0.2, 0.0);
        return Mat(texF(vec2(around(p, 0.42), 1.0 - p.y / c)), 0.24, 0.05, 0.0, 0.0, 0.0);
    }
    if (id > 0.5) return Mat(dot(colC, vec3(1.0)) > 2.6 ? mix(colA, vec3(1.0), 0.15) : colC, 0.26, 0.05, 0.0, 0.2, 0.0);
    float half_ = R * mix(1.0, 1.16, smoothstep(0.0, 1.0, sat((p.y - c) / (H - c))));
    float v = 1.0 - (p.y - c) / (H - c - 0.12);
    return Mat(v < 0.0 ? texS(vec2(0.5, 0.05)) : texF(vec2(0.5 + 0.5 * p.x / half_, v)), 0.24, 0.05, 0.0, 0.1, 0.0);
}
