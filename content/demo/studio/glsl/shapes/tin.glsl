// A steel tin. k0: radius, height, kind (0 ring-pull with paper label, 1 printed with a plug lid, 2 flat hinged rectangle), depth ratio.
float bead(float y) { return 0.008 * smoothstep(0.03, 0.0, abs(y)) ; }
vec2 map(vec3 p) {
    float R = k0.x; float H = k0.y;
    float r = length(p.xz);
    if (k0.z > 1.5) {
        vec3 q = p; 
        float b = rbox(q - vec3(0, H * 0.33, 0), vec3(R * 0.985, H * 0.33, R * k0.w * 0.985), 0.06);
        float l = rbox(q - vec3(0, H * 0.80, 0), vec3(R, H * 0.20, R * k0.w), 0.07);
        float rr = box2(q.xz, vec2(R, R * k0.w) - 0.1) - 0.02;
        l -= 0.012 * smoothstep(0.02, -0.02, rr) * step(H * 0.9, q.y);
        return un(vec2(b, 1.0), vec2(l, 3.0));
    }
    if (k0.z > 0.5) {
        float b = cyl(p, R, 0.0, H, 0.03);
        float l = cyl(p, R + 0.025, H - 0.26, H + 0.02, 0.035);
        l = max(l, -cyl(p, R - 0.09, H + 0.0, H + 0.2, 0.01));
        float foot = cyl(p, R + 0.02, 0.0, 0.05, 0.02);
        vec2 o = vec2(b, 0.0);
        o = un(o, vec2(l, 1.0));
        return un(o, vec2(foot, 1.0));
    }
    float d = cyl(p, R, 0.02, H - 0.02, 0.02);
    float s = H > 0.9 ? 1.0 : 0.0;
    d -= s * 0.006 * smoothstep(-0.6, 0.8, cos(p.y * 38.0)) * step(0.30 * H, p.y) * step(p.y, 0.34 * H);
    d = max(d, -cyl(p, R - 0.05, H - 0.075, H + 0.2, 0.01));
    vec2 o = vec2(d, 0.0);
    float rims = min(length(vec2(r - R - 0.004, p.y - H + 0.012)) - 0.03, length(vec2(r - R - 0.004, p.y - 0.026)) - 0.03);
    o = un(o, vec2(rims, 1.0));
    float lidRing = length(vec2(r - R * 0.7, p.y - H + 0.075)) - 0.012;
    o = un(o, vec2(lidRing, 1.0));
    vec3 q = p - vec3(0.0, H - 0.05, R * 0.22);
    float tab = max(abs(length((q.xz) * vec2(1.0, 0.8)) - R * 0.24) - 0.035, abs(q.y) - 0.014);
    return un(o, vec2(tab, 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    float R = k0.x; float H = k0.y;
    if (id > 2.5) {
        if (n.y > 0.6) return Mat(texF(vec2(0.5 + 0.5 * p.x / R, 0.5 + 0.5 * p.z / (R * k0.w))), 0.24, 0.10, 0.15, 0.0, 0.0);
        return Mat(texS(vec2(0.5 + 0.5 * p.x / R, 0.05)), 0.24, 0.10, 0.15, 0.0, 0.0);
    }
    if (id > 0.5 && k0.z > 1.5) return metal(vec3(0.80, 0.80, 0.82), 0.25);
    if (id > 0.5 && k0.z > 0.5) return Mat(p.y > 0.2 ? mix(colB, vec3(0.8, 0.65, 0.35), 0.25) : vec3(0.75), 0.24, 0.4, 0.45, 0.0, 0.0);
    if (id > 0.5 || n.y > 0.7 || length(p.xz) < R - 0.03) return metal(vec3(0.82, 0.82, 0.84), 0.2);
    float v = 1.0 - (p.y - 0.05) / (H - 0.1);
    if (k0.z > 0.5) v = 1.0 - p.y / (H - 0.26);
    return Mat(texF(vec2(around(p, k1.x), v)), 0.3, 0.05, 0.0, 0.0, 0.0);
}
