// An opaque squeeze bottle. k0: half width, body height, half depth. k1: label from, label to.
vec2 map(vec3 p) {
    float W = k0.x; float H = k0.y; float D = k0.z;
    float t = sat(p.y / H);
    float taper = 1.0 - 0.16 * smoothstep(0.45, 1.0, t) - 0.03 * sin(t * 6.28);
    float body = rbox(p - vec3(0, H * 0.5, 0), vec3(W * taper, H * 0.5, D * taper), min(W, D) * 0.66);
    float sh = cone(p, W * 0.55, 0.20, H - 0.2, H + 0.10, 0.04);
    float d = smin(body, sh, 0.24);
    vec2 o = vec2(d * 0.9, 0.0);
    float a = atan(p.x, p.z);
    float cap = cone(p, 0.27 + 0.005 * cos(a * 34.0), 0.24, H + 0.05, H + 0.36, 0.04) * 0.85;
    o = un(o, vec2(cap, 1.0));
    return un(o, vec2(cyl(p, 0.285, H + 0.03, H + 0.08, 0.015), 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 0.5) return Mat(dot(colB, vec3(1.0)) > 2.6 ? vec3(0.94) : colB, 0.26, 0.05, 0.0, 0.15, 0.0);
    vec2 uv = vec2(0.5 + 0.5 * p.x / (k0.x * 0.84), (k1.y - p.y) / (k1.y - k1.x));
    if (inside01(uv) && n.z > 0.0) return Mat(texF(uv), 0.28, 0.045, 0.0, 0.0, 0.0);
    return Mat(colA, 0.14, 0.05, 0.0, 0.45, 0.0);
}
