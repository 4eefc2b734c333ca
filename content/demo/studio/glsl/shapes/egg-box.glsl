// An open egg box, its printed lid behind. k0.x: eggs in a row. Label in `front` (on the lid).
float egg(vec3 q) { q.y *= q.y > 0.0 ? 0.80 : 0.98; return length(q) - 0.215; }
vec2 map(vec3 p) {
    float n = k0.x; float W = n * 0.25;
    float base = rbox(p - vec3(0, 0.20, 0), vec3(W + 0.10 - 0.10 * (0.4 - p.y), 0.20, 0.60 - 0.08 * (0.4 - p.y)), 0.07);
    float gx = p.x - 0.5 * (clamp(floor(p.x / 0.5 + (mod(n, 2.0) > 0.5 ? 0.5 : 0.0)) + (mod(n, 2.0) > 0.5 ? 0.0 : 0.5), -(n - 1.0) * 0.5, (n - 1.0) * 0.5));
    float gz = abs(p.z) - 0.27;
    float cup = length(vec3(gx, p.y - 0.42, gz)) - 0.25;
    base = smax(base, -cup, 0.05);
    base += 0.012 * fbm(p * 16.0) - 0.03 * smoothstep(0.12, 0.0, abs(gx)) * step(0.5, p.z) * smoothstep(0.45, 0.1, p.y);
    vec2 o = vec2(base * 0.8, 0.0);
    o = un(o, vec2(egg(vec3(gx, p.y - 0.46, gz)) * 0.85, 1.0));
    vec3 l = rotX(p - vec3(0, 0.42, -0.64), -0.22);
    float lid = rbox(l - vec3(0, 0.60, 0), vec3(W + 0.10, 0.58, 0.09), 0.07) + 0.010 * fbm(p * 16.0);
    return un(o, vec2(lid * 0.85, 2.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    float W = k0.x * 0.25;
    vec3 pulp = mix(vec3(0.56, 0.52, 0.46), vec3(0.70, 0.66, 0.58), fbm(p * 30.0));
    if (id > 1.5) {
        vec3 l = rotX(p - vec3(0, 0.42, -0.64), -0.22);
        vec2 uv = vec2(0.5 + 0.5 * l.x / (W + 0.02), (1.12 - l.y) / 0.68);
        if (n.z > 0.2 && inside01(uv)) return Mat(texF(uv), 0.5, 0.035, 0.0, 0.0, 0.0);
        return Mat(pulp, 0.9, 0.02, 0.0, 0.2, 0.0);
    }
    if (id > 0.5) {
        float own = hash1(floor(p.x * 2.0 + 10.5) + 7.0 * step(0.0, p.z));
        vec3 c = mix(vec3(0.86, 0.60, 0.38), vec3(0.93, 0.76, 0.58), own);
        vec2 ce = cells(p * 20.0); c = mix(c, c * 0.7, smoothstep(0.18, 0.08, ce.x) * step(ce.y, 0.4));
        return Mat(c, 0.42, 0.04, 0.0, 0.5, 0.0);
    }
    return Mat(pulp, 0.9, 0.02, 0.0, 0.2, 0.0);
}
