// Batteries on a printed card under a clear blister. k0: kind (0 AA, 1 AAA, 2 coin). Card in `front`.
vec3 stand(vec3 p) { return rotX(p, 0.08); }
vec2 map(vec3 p) {
    p = stand(p);
    float card = rbox(p - vec3(0, 0.98, 0), vec3(0.70, 0.98, 0.014), 0.012);
    vec2 o = vec2(card, 0.0);
    if (k0.x > 1.5) {
        vec3 q = p - vec3(0, 0.48, 0.05); q.x = abs(q.x) - 0.30;
        q = q.xzy; 
        o = un(o, vec2(cyl(q, 0.26, -0.02, 0.05, 0.015), 1.0));
        return un(o, vec2(cyl(q, 0.22, 0.0, 0.062, 0.012), 2.0));
    }
    float R = k0.x > 0.5 ? 0.105 : 0.14; float w = k0.x > 0.5 ? 0.27 : 0.31;
    vec3 q = p - vec3(0, 0.12, 0.15); q.x = q.x - w * (clamp(floor(q.x / w), -2.0, 1.0) + 0.5);
    o = un(o, vec2(cyl(q, R, 0.0, 0.82, 0.015), 1.0));
    return un(o, vec2(cyl(q, R * 0.36, 0.80, 0.88, 0.012), 2.0));
}
Mat surface(vec3 w, vec3 n, float id) {
    vec3 p = stand(w);
    if (id < 0.5) return Mat(texF(vec2(0.5 + 0.5 * p.x / 0.70, (1.96 - p.y) / 1.96)), 0.3, 0.045, 0.0, 0.0, 0.0);
    if (id > 1.5 || k0.x > 1.5) return metal(vec3(0.85, 0.85, 0.86), 0.2);
    float y = p.y - 0.12;
    if (y > 0.60) return Mat(colB, 0.2, 0.5, 0.6, 0.0, 0.0);
    if (y < 0.03) return metal(vec3(0.85), 0.2);
    return Mat(mix(colA, vec3(0.06), 0.3), 0.16, 0.08, 0.15, 0.0, 0.0);
}
