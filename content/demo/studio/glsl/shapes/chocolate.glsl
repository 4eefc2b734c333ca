// A bar of chocolate, foil torn open above its paper sleeve. k0: half width, height, half depth, chocolate shown (share).
vec3 stand(vec3 p) { p.y -= 0.02; return rotX(p, 0.10); }
vec2 map(vec3 p) {
    p = stand(p);
    float W = k0.x; float H = k0.y; float D = k0.z;
    float cut = H * (1.0 - k0.w);
    float sl = rbox(p - vec3(0, cut * 0.5, 0), vec3(W, cut * 0.5, D), 0.03);
    vec2 o = vec2(sl, 0.0);
    float jag = cut + 0.10 + 0.05 * sin(p.x * 7.0 + 1.0) + 0.035 * sin(p.x * 19.0);
    float foil = rbox(p - vec3(0, cut + 0.02, 0), vec3(W - 0.02 + 0.01 * sin(p.y * 40.0), 0.25, D - 0.004), 0.02);
    foil = max(foil + (noise(p * 14.0) - 0.5) * 0.022, p.y - jag);
    o = un(o, vec2(foil * 0.7, 1.0));
    vec3 q = p - vec3(0, H * 0.5, 0);
    float ch = rbox(q, vec3(W - 0.06, H * 0.5 - 0.02, D - 0.05), 0.02);
    vec2 c = vec2(abs(mod(p.x + 3.0 * W, 2.0 * (W - 0.06) / 4.0) - (W - 0.06) / 4.0), abs(mod(p.y - H + 0.02, 0.27) - 0.135));
    vec2 cell = vec2((W - 0.06) / 4.0, 0.135);
    float sqr = max(max(c.x - cell.x + 0.02, c.y - cell.y + 0.02), abs(p.z) - D + 0.012);
    float lift = max(sqr, rbox(q, vec3(W - 0.06, H * 0.5 - 0.02, D), 0.01));
    ch = smin(ch, lift * 0.8, 0.035);
    return un(o, vec2(ch, 2.0));
}
Mat surface(vec3 w, vec3 n, float id) {
    vec3 p = stand(w);
    float cut = k0.y * (1.0 - k0.w);
    if (id > 1.5) {
        float white = step(2.2, dot(colA, vec3(1.0)));
        vec3 c = mix(vec3(0.115, 0.045, 0.022), vec3(0.85, 0.70, 0.45), white);
        if (seed > 0.0 && dot(colA, vec3(1.0)) > 0.4 && white < 0.5) c = vec3(0.20, 0.085, 0.04);
        return Mat(c, 0.26, 0.05, 0.0, 0.15, 0.0);
    }
    if (id > 0.5) return metal(vec3(0.93, 0.86, 0.70), 0.22);
    if (abs(n.x) > abs(n.z)) return matt(texS(vec2(0.5, 0.5)));
    return Mat(texF(vec2(0.5 + 0.5 * p.x / k0.x, 1.0 - p.y / cut)), 0.34, 0.04, 0.0, 0.0, 0.0);
}
