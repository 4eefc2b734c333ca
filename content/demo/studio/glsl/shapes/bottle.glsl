// Any standing bottle of glass or PET.
// k0: body radius, body top, neck radius, total height.
// k1: shoulder softness, fill level, label from, label to. k2: cap kind (0 screw, 1 crown, 2 cork foil), ribs, clear, label wrap.
float glassAt(vec3 p) {
    float R = k0.x; float yb = k0.y; float r = k0.z; float H = k0.w;
    float body = cyl(p, R, 0.0, yb, min(0.09, R * 0.3));
    body -= k2.y * 0.012 * (0.5 + 0.5 * cos(p.y * 26.0)) * smoothstep(k1.z, k1.z - 0.08, p.y);
    float neck = cone(p, r * 1.15, r, yb - 0.05, H - 0.02, 0.01);
    float cone1 = cone(p, R * 0.80, r * 1.1, yb - 0.1, yb + k1.x * 0.9, 0.02);
    float d = smin(smin(body, cone1, k1.x * 0.7), neck, k1.x * 0.55);
    d = smax(d, length(p.xz) - R, 0.03);
    d = max(d, length(p - vec3(0, -0.42, 0)) < 0.45 ? -(length(p - vec3(0, -0.42, 0)) - 0.45) : -1.0);
    return d;
}
vec2 map(vec3 p) {
    float d = glassAt(p);
    float r = k0.z; float H = k0.w;
    float lab = max(abs(length(p.xz) - k0.x) - 0.006, abs(p.y - 0.5 * (k1.z + k1.w)) - 0.5 * (k1.w - k1.z));
    lab = max(lab, (abs(atan(p.x, p.z)) - PI * k2.w) * k0.x);
    vec2 o = vec2(d * 0.92, 0.0);
    float cap;
    if (k2.x < 0.5) {
        float a = atan(p.x, p.z);
        cap = cyl(p, r * 1.32 + 0.006 * cos(a * 36.0), H - 0.17, H, 0.02);
        float ring = cyl(p, r * 1.42, H - 0.215, H - 0.185, 0.01);
        cap = min(cap * 0.8, ring);
    } else if (k2.x < 1.5) {
        float a = atan(p.x, p.z);
        cap = cone(p, r * 1.32 + 0.016 * cos(a * 21.0), r * 1.05, H - 0.085, H + 0.01, 0.02) * 0.7;
        cap = min(cap, cyl(p, r * 1.2, H - 0.16, H - 0.1, 0.025));
    } else {
        cap = cyl(p, r * 1.14, H - 0.46, H, 0.02);
        cap = min(cap, cyl(p, r * 1.22, H - 0.1, H - 0.03, 0.02));
    }
    o = un(o, vec2(cap, 1.0));
    return un(o, vec2(lab, 2.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 1.5) {
        float u = around(p, k2.w);
        vec3 c = texF(vec2(u, (k1.w - p.y) / (k1.w - k1.z)));
        return Mat(c, 0.42, 0.035, 0.0, 0.0, 0.0);
    }
    if (id > 0.5) {
        if (k2.x > 1.5) return Mat(colC, 0.3, 0.3, 0.6, 0.0, 0.0);
        if (k2.x > 0.5) return Mat(colC, 0.22, 0.4, 0.5, 0.0, 0.0);
        return Mat(colC, 0.32, 0.05, 0.0, 0.1, 0.0);
    }
    Mat m = glass(p.y < k1.y ? colB : mix(colB, vec3(0.93), 0.72));
    m.col = mix(m.col, vec3(0.9), smoothstep(0.012, 0.0, abs(p.y - k1.y)) * 0.25);
    m.clear = k2.z;
    m.sss = 0.5;
    return m;
}
