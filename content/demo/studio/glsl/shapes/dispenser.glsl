// Bottles with a head. k0: half width, body height, half depth, kind (0 trigger spray, 1 pump, 2 aerosol).
// k1: label from, label to.
vec2 map(vec3 p) {
    float W = k0.x; float H = k0.y; float D = k0.z;
    vec2 o;
    if (k0.w > 1.5) {
        float b = cyl(p, W, 0.0, H, 0.03);
        float dome = cone(p, W * 0.96, W * 0.72, H - 0.02, H + 0.12, 0.05);
        o = vec2(smin(b, dome, 0.03), 0.0);
        o = un(o, vec2(min(length(vec2(length(p.xz) - W, p.y - H)) - 0.025, length(vec2(length(p.xz) - W, p.y - 0.03)) - 0.028), 2.0));
        float cap = cone(p, W * 0.80, W * 0.74, H + 0.09, H + 0.5, 0.09);
        return un(o, vec2(cap, 1.0));
    }
    vec3 q = p;
    float t = sat(p.y / H);
    float waist = k0.w < 0.5 ? 1.0 - 0.10 * smoothstep(0.55, 0.95, t) - 0.02 * sin(t * PI) : 1.0;
    float body = rbox(q - vec3(0, H * 0.5, 0), vec3(W * waist, H * 0.5, D * waist), min(W, D) * 0.62);
    if (k0.w > 0.5) body = smin(cyl(q, W, 0.0, H, 0.12), cone(q, W * 0.7, 0.16, H - 0.1, H + 0.16, 0.03), 0.16);
    float shoulder = cone(q, W * 0.5, 0.17, H - 0.16, H + 0.12, 0.03);
    o = vec2(smin(body, shoulder, 0.22), 0.0);
    float a = atan(p.x, p.z);
    if (k0.w < 0.5) {
        vec3 h = p - vec3(0.0, H, 0.0);
        float ring = cyl(h, 0.22 + 0.008 * cos(a * 26.0), 0.06, 0.24, 0.02) * 0.8;
        float stem = rbox(h - vec3(0.02, 0.34, 0), vec3(0.15, 0.16, 0.12), 0.06);
        float top = rbox(rotZ(h - vec3(-0.13, 0.52, 0), 0.06), vec3(0.42, 0.12, 0.13), 0.07);
        float tail = rbox(rotZ(h - vec3(0.25, 0.46, 0), -0.55), vec3(0.16, 0.12, 0.10), 0.06);
        float head = smin(smin(stem, top, 0.08), tail, 0.1);
        o = un(o, vec2(ring, 1.0));
        o = un(o, vec2(head, 2.0));
        float noz = rbox(h - vec3(-0.60, 0.53, 0), vec3(0.07, 0.10, 0.10), 0.02);
        o = un(o, vec2(noz, 3.0));
        vec3 g = h - vec3(-0.27, 0.24, 0); g.x += 0.5 * g.y * g.y - 0.25 * g.y;
        float trig = rbox(rotZ(g, -0.25), vec3(0.045, 0.24, 0.085), 0.04);
        return un(o, vec2(trig * 0.85, 3.0));
    }
    vec3 h = p - vec3(0.0, H + 0.12, 0.0);
    float collar = cyl(h, 0.20 + 0.006 * cos(a * 30.0), 0.0, 0.17, 0.02) * 0.85;
    float rod = cyl(h, 0.055, 0.1, 0.42, 0.01);
    float hd = cyl(h, 0.15, 0.36, 0.50, 0.04);
    vec3 g = rotY(h, 0.5);
    float sp = capsule2(g, vec3(0.0, 0.44, 0), vec3(-0.44, 0.42, 0), 0.062, 0.045);
    sp = smin(sp, capsule2(g, vec3(-0.44, 0.42, 0), vec3(-0.49, 0.35, 0), 0.045, 0.04), 0.03);
    o = un(o, vec2(min(collar, rod), 1.0));
    return un(o, vec2(smin(hd, sp, 0.06), 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (k0.w > 1.5) {
        if (id > 1.5) return metal(vec3(0.84), 0.2);
        if (id > 0.5) return Mat(dot(colB, vec3(1.0)) > 2.5 ? vec3(0.94) : colB, 0.24, 0.05, 0.0, 0.15, 0.0);
        if (p.y > k0.y + 0.005) return metal(vec3(0.84), 0.25);
        return Mat(texF(vec2(around(p, 0.46), 1.0 - p.y / k0.y)), 0.2, 0.14, 0.35, 0.0, 0.0);
    }
    if (id > 2.5) return Mat(colA, 0.3, 0.05, 0.0, 0.1, 0.0);
    if (id > 1.5) return Mat(vec3(0.95), 0.3, 0.05, 0.0, 0.2, 0.0);
    if (id > 0.5) return Mat(k0.w < 0.5 ? colA : mix(vec3(0.95), colB, 0.25), 0.28, 0.05, 0.0, 0.2, 0.0);
    float u = k0.w < 0.5 ? 0.5 + 0.5 * p.x / (k0.x * 0.84) : around(p, 0.44);
    vec2 uv = vec2(u, (k1.y - p.y) / (k1.y - k1.x));
    vec3 body = k0.w < 0.5 ? mix(colA, vec3(1.0), 0.32) : colA;
    if (inside01(uv) && n.z > -0.1) return Mat(texF(uv), 0.3, 0.045, 0.0, 0.0, 0.0);
    return Mat(body, 0.14, 0.05, 0.0, 0.55, 0.0);
}
