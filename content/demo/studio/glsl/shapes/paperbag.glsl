// A block-bottom bag, folded down and closed with a tab. k0: half width, height, half depth, gloss.
float bagAt(vec3 p) {
    float y = sat(p.y / k0.y);
    float t = smoothstep(0.70, 0.94, y);
    vec3 b = vec3(k0.x * (1.0 + 0.02 * sin(y * 9.0)), k0.y * 0.5, mix(k0.z, 0.035, t));
    float crease = (noise(vec3(p.xy * vec2(4.0, 3.0), 2.0 + sign(p.z))) - 0.5) * 0.035;
    float fold = noise(vec3(p.x * 2.4 + p.y * 1.6, p.y * 2.0 - p.x, 5.0 + sign(p.z) + sign(p.x)));
    crease += 0.02 * smoothstep(0.07, 0.0, abs(fold - 0.5));
    b.z += (noise(vec3(p.xy * 1.3, 4.0)) - 0.35) * 0.07 * (1.0 - t);
    float side = smoothstep(k0.x - 0.28, k0.x, abs(p.x));
    b.z -= 0.03 * side * t;
    b.x -= 0.10 * smoothstep(b.z, 0.0, abs(p.z)) * smoothstep(0.25, 0.8, y) * (1.0 - t * 0.6);
    return rbox(p - vec3(0, k0.y * 0.5, 0), b, 0.03) + crease * (1.0 - 0.6 * t);
}
vec2 map(vec3 p) {
    vec2 o = vec2(bagAt(p) * 0.66, 0.0);
    float roll = rbox(p - vec3(0, k0.y - 0.035, 0.012), vec3(k0.x + 0.01, 0.05, 0.065), 0.03);
    o = un(o, vec2(roll, 1.0));
    float tab = rbox(p - vec3(0, k0.y - 0.06, 0.055), vec3(k0.x * 0.55, 0.035, 0.035), 0.012);
    return un(o, vec2(tab, 2.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    float v = 1.0 - p.y / k0.y;
    if (id > 1.5) return Mat(colB, 0.3, 0.05, 0.0, 0.0, 0.0);
    vec3 c = texS(vec2(0.5, 0.04));
    if (id < 0.5) {
        v = (v - 0.10) / 0.90;
        if (abs(n.x) > abs(n.z) * 1.2) c = texS(vec2(0.5 + 0.5 * p.z / k0.z, v));
        else if (v > 0.0) c = texF(vec2(0.5 + 0.5 * p.x / k0.x, v));
    }
    return Mat(c, mix(0.6, 0.26, k0.w), 0.045, 0.0, 0.0, 0.0);
}
