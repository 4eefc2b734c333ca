// A folded pocket umbrella with its strap.
vec3 lay(vec3 p) { return rotZ(p - vec3(0.42, 0.0, 0.0), 0.22); }
vec2 map(vec3 p) {
    vec3 q = lay(p); float a = atan(q.x, q.z); float y = q.y;
    float t = sat((y - 0.5) / 1.6);
    float r = mix(0.26, 0.20, t) * (1.0 - 0.55 * smoothstep(0.86, 1.0, t));
    float tw = a + 0.35 * y;
    r += 0.035 * abs(sin(tw * 4.0)) - 0.01; r *= 1.0 - 0.10 * smoothstep(0.05, 0.0, abs(y - 1.25));
    float d = max(length(q.xz) - r, abs(y - 1.3) - 0.80);
    vec2 o = vec2(d * 0.6, 0.0);
    float tip = cyl(q, 0.035, 2.05, 2.26, 0.02); tip = min(tip, cyl(q, 0.10, 2.04, 2.12, 0.03));
    o = un(o, vec2(tip, 1.0));
    float h = cone(q, 0.125, 0.15, 0.06, 0.50, 0.05);
    o = un(o, vec2(h, 2.0));
    vec3 s = q - vec3(0.0, -0.03, 0.0); 
    float loop_ = length(vec2(length(vec2(s.x * 1.3, s.y - 0.02)) - 0.17, s.z)) - 0.014;
    o = un(o, vec2(max(loop_, -p.y), 1.0));
    float strap = cyl(q, 0.262 + 0.01 * sin(a * 8.0), 1.20, 1.30, 0.01);
    return un(o, vec2(strap * 0.8, 3.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    vec3 q = lay(p); float a = atan(q.x, q.z) + 0.35 * q.y;
    if (id > 2.5) return Mat(colA * 0.7, 0.5, 0.04, 0.0, 0.0, 0.0);
    if (id > 1.5) return Mat(vec3(0.03), 0.32, 0.05, 0.0, 0.0, 0.0);
    if (id > 0.5) return metal(mix(colC, vec3(0.8), 0.5), 0.2);
    vec3 c = mix(colA, colB, 0.5 + 0.5 * sin(a * 8.0)) * (0.94 + 0.1 * noise(q * vec3(60.0, 60.0, 60.0)));
    return Mat(c, 0.42, 0.05, 0.0, 0.1, 0.0);
}
