// A printed carton. k0: half width, height, half depth, edge radius.
// k1: screw cap on top (1), lean back (radians), one face only at the sides (0) or front printed there too (1).
vec3 stand(vec3 p) { p.y -= sin(k1.y) * k0.z; return rotX(p, k1.y); }
vec2 map(vec3 p) {
    p = stand(p);
    float b = rbox(p - vec3(0, k0.y * 0.5, 0), vec3(k0.x, k0.y * 0.5, k0.z), k0.w);
    // Lids of folded card: a thread of shadow where the top flap tucks in.
    b += 0.006 * smoothstep(0.012, 0.0, abs(p.y - (k0.y - 0.012))) * step(0.0, p.z - k0.z + 0.03) * step(k1.x, 0.5);
    vec2 o = vec2(b, 0.0);
    if (k1.x > 0.5) {
        vec3 q = p - vec3(0.0, k0.y, 0.05);
        float a = atan(q.x, q.z);
        o = un(o, vec2(cyl(q, 0.155 + 0.005 * cos(a * 30.0), 0.03, 0.17, 0.02) * 0.8, 1.0));
        o = un(o, vec2(cyl(q, 0.18, -0.02, 0.035, 0.01), 1.0));
    }
    return o;
}
Mat surface(vec3 w, vec3 n, float id) {
    vec3 p = stand(w); n = rotX(n, k1.y);
    if (id > 0.5) return Mat(colC, 0.3, 0.05, 0.0, 0.1, 0.0);
    vec2 f = vec2(0.5 + 0.5 * p.x / k0.x, 1.0 - p.y / k0.y);
    vec3 c;
    if (abs(n.x) > max(abs(n.z), abs(n.y))) c = texS(vec2(0.5 - 0.5 * sign(n.x) * p.z / k0.z, f.y));
    else if (abs(n.y) > abs(n.z)) c = texS(vec2(0.5 + 0.5 * p.x / k0.x, 0.04));
    else c = texF(f);
    vec3 e = smoothstep(vec3(0.035), vec3(0.0), vec3(k0.x, k0.y * 0.5, k0.z) - abs(p - vec3(0, k0.y * 0.5, 0)));
    c = mix(c, c * 1.15 + 0.025, max(e.x * e.z, max(e.x * e.y, e.y * e.z)));
    return Mat(c, 0.32, 0.04, 0.0, 0.0, 0.0);
}
