// A slim drink can. k0: body radius, height, neck radius.
vec2 map(vec3 p) {
    float r = k0.x; float h = k0.y; float n = k0.z;
    float b = cyl(p, r, 0.10, h - 0.2, 0.02);
    float s = cone(p, r, n, h - 0.21, h - 0.055, 0.0);
    float f = cone(p, n, r, 0.03, 0.12, 0.0);
    float d = smin(smin(b, s, 0.05), f, 0.05);
    vec3 q = vec3(length(p.xz), p.y, 0.0);
    float rimT = length(q.xy - vec2(n, h - 0.035)) - 0.026;
    float rimB = length(q.xy - vec2(n - 0.02, 0.035)) - 0.03;
    float lid = cyl(p, n - 0.01, h - 0.16, h - 0.07, 0.005);
    float tab = rbox(p - vec3(0.0, h - 0.055, 0.10), vec3(0.075, 0.012, 0.13), 0.012);
    tab = max(tab, -(length(p.xz - vec2(0.0, 0.16)) - 0.04));
    vec2 o = vec2(smax(d, p.y - (h - 0.06), 0.01), 0.0);
    o = un(o, vec2(min(rimT, rimB), 1.0));
    o = un(o, vec2(lid, 2.0));
    return un(o, vec2(tab, 3.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 0.5) return metal(vec3(0.80, 0.81, 0.83), 0.2);
    float u = around(p, k1.x);
    float v = 1.0 - (p.y - 0.09) / (k0.y - 0.17);
    vec3 c = texF(vec2(u, v));
    float edge = smoothstep(0.045, 0.05, p.y) * (1.0 - smoothstep(k0.y - 0.075, k0.y - 0.07, p.y));
    c = mix(vec3(0.8), c, edge);
    // Printed aluminium: bright ink, and the room mirrored in the lacquer.
    return Mat(c, 0.14, 0.085, 0.12, 0.0, 0.0);
}
