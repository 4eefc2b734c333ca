// Rolls of paper. k0: kind (0 eight in a pack, 1 two tall ones, 2 a single wrapped roll, 3 a long roll). Label in `front`.
vec2 map(vec3 p) {
    if (k0.x > 1.5) {
        float R = k0.x > 2.5 ? 0.24 : 0.44; float H = k0.x > 2.5 ? 2.3 : 1.45;
        vec3 q = k0.x > 2.5 ? rotZ(p - vec3(0.35, 0.0, 0), 0.16) : p;
        float d = cyl(q, R, 0.0, H, 0.02);
        d = max(d, -cyl(q, R * 0.42, H - 0.3, H + 0.2, 0.0));
        float lab = cyl(q, R + 0.008, H * 0.12, H * 0.88, 0.004);
        return un(vec2(d, 0.0), vec2(lab, 1.0));
    }
    float R = k0.x > 0.5 ? 0.46 : 0.36; float h = k0.x > 0.5 ? 1.75 : 0.66;
    vec3 q = p; 
    if (k0.x < 0.5) {
        q.x = abs(p.x) - 0.37; q.z = abs(p.z) - 0.37;
        q.y = p.y < 0.68 ? p.y : p.y - 0.68;
    } else q.x = abs(p.x) - 0.47;
    float d = cyl(q, R, 0.0, h, 0.05);
    d = max(d, -cyl(q, R * 0.36, h - 0.4, h + 0.2, 0.0));
    d -= 0.004 * sin(q.y * 60.0) * sin(atan(q.x, q.z) * 24.0) * step(length(q.xz), R + 0.05) * step(R - 0.05, length(q.xz));
    vec2 o = vec2(d * 0.9, 0.0);
    float band = k0.x > 0.5 ? rbox(p - vec3(0, 0.86, 0), vec3(0.955, 0.56, 0.49), 0.14) : rbox(p - vec3(0, 0.67, 0), vec3(0.765, 0.44, 0.765), 0.14);
    return un(o, vec2(band, 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (k0.x > 1.5) {
        float R = k0.x > 2.5 ? 0.24 : 0.44; float H = k0.x > 2.5 ? 2.3 : 1.45;
        vec3 q = k0.x > 2.5 ? rotZ(p - vec3(0.35, 0.0, 0), 0.16) : p;
        if (id > 0.5) {
            if (k0.x > 2.5) return Mat(texF(vec2(around(q, 0.46), 1.0 - (q.y / H - 0.12) / 0.76)), 0.3, 0.05, 0.0, 0.0, 0.0);
            return Mat(texF(vec2(around(q, 0.42), 1.0 - (q.y / H - 0.12) / 0.76)), 0.3, 0.05, 0.0, 0.0, 0.0);
        }
        if (length(q.xz) < R * 0.45) return matt(vec3(0.42, 0.30, 0.18));
        if (dot(colA, vec3(1.0)) > 1.5) return metal(vec3(0.88, 0.89, 0.91), 0.25);
        vec3 c = n.y > 0.7 ? colA * (0.8 + 0.3 * sin(length(q.xz) * 150.0)) : colA;
        return Mat(c, 0.28, 0.05, 0.0, 0.1, 0.0);
    }
    if (id > 0.5) {
        float W = k0.x > 0.5 ? 0.935 : 0.74; float y1 = k0.x > 0.5 ? 1.42 : 1.11; float y0 = k0.x > 0.5 ? 0.30 : 0.23;
        if (n.z > 0.25) return Mat(texF(vec2(0.5 + 0.5 * p.x / W, (y1 - p.y) / (y1 - y0))), 0.2, 0.05, 0.0, 0.0, 0.0);
        return Mat(texS(vec2(0.5 - 0.5 * p.z / 0.7, (y1 - p.y) / (y1 - y0))), 0.2, 0.05, 0.0, 0.0, 0.0);
    }
    vec3 q = p; q.x = abs(p.x) - (k0.x > 0.5 ? 0.47 : 0.37); if (k0.x < 0.5) q.z = abs(p.z) - 0.37;
    if (length(q.xz) < (k0.x > 0.5 ? 0.175 : 0.14)) return matt(vec3(0.55, 0.42, 0.28));
    float spiral = n.y > 0.7 ? 0.93 + 0.07 * sin(length(q.xz) * 170.0) : 1.0;
    return Mat(vec3(0.93, 0.94, 0.95) * spiral, 0.9, 0.02, 0.0, 0.4, 0.0);
}
