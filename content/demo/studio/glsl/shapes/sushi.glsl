// A sushi tray. k0.x: 0 nigiri, 1 maki, 2 mixed. Label sleeve across the left in `front`.
vec3 seat(int i) { float f = float(i); return vec3(-0.28 + 0.46 * mod(f, 4.0), 0.12, -0.36 + 0.68 * floor(f / 4.0)); }
bool maki(int i) { return k0.x > 1.5 ? i > 3 : k0.x > 0.5; }
float pieceAt(vec3 q, bool mk, out float part) {
    part = 0.0;
    if (mk) {
        float d = cyl(q, 0.20, 0.0, 0.30, 0.03);
        return d + 0.008 * noise(q * 30.0) * step(0.25, q.y);
    }
    float rice = rbox(q - vec3(0, 0.13, 0), vec3(0.165, 0.13, 0.28), 0.11) + 0.014 * cells(q * 17.0).x;
    vec3 t = q - vec3(0, 0.275, 0); t.y += 0.55 * t.z * t.z * 0.6 + 0.9 * t.x * t.x;
    float top = rbox(t, vec3(0.185, 0.045, 0.325), 0.04);
    part = top < rice ? 1.0 : 0.0;
    return min(rice, top) * 0.75;
}
vec2 map(vec3 p) {
    vec2 o; float part;
    float tray = rbox(p - vec3(0, 0.06, 0), vec3(1.42, 0.08, 0.84), 0.06);
    tray = max(tray, -rbox(p - vec3(0, 0.20, 0), vec3(1.34, 0.10, 0.76), 0.05));
    float rim = abs(box2(p.xz, vec2(1.30, 0.72)) - 0.10); 
    float wall = length(vec2(rim, max(abs(p.y - 0.10) - 0.07, 0.0))) - 0.025;
    o = vec2(min(tray, wall), 0.0);
    vec3 q = p; 
    float ix = clamp(floor((p.x + 0.28) / 0.46 + 0.5), 0.0, 3.0); float iz = p.z < -0.02 ? 0.0 : 1.0;
    int i = int(ix + 4.0 * iz);
    float d = pieceAt(p - seat(i), maki(i), part);
    o = un(o, vec2(d > 0.16 ? max(0.16, o.x - 0.36) : d * 0.9, 10.0 + float(i) * 2.0 + part));
    float sl = rbox(p - vec3(-0.98, 0.22, 0), vec3(0.40, 0.24, 0.88), 0.03);
    return un(o, vec2(sl, 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id < 0.5) return Mat(mix(vec3(0.02, 0.02, 0.022), vec3(0.65, 0.48, 0.16), smoothstep(0.155, 0.165, p.y)), 0.2, 0.06, 0.0, 0.0, 0.0);
    if (id < 1.5) {
        if (n.y > 0.5) return Mat(texF(vec2(0.5 + 0.5 * (p.x + 0.98) / 0.40, 0.5 + 0.5 * p.z / 0.88)), 0.35, 0.04, 0.0, 0.0, 0.0);
        return Mat(texS(vec2(0.5, 0.04)), 0.35, 0.04, 0.0, 0.0, 0.0);
    }
    int i = int((id - 10.0) / 2.0 + 0.01); vec3 q = p - seat(i);
    bool top = mod(id, 2.0) > 0.5;
    vec3 rice = mix(vec3(0.93, 0.92, 0.88), vec3(0.78, 0.77, 0.72), smoothstep(0.15, 0.5, cells(p * 17.0).x));
    if (maki(i)) {
        float r = length(q.xz);
        if (n.y < 0.5 || r > 0.183) return Mat(mix(vec3(0.012, 0.022, 0.016), vec3(0.04, 0.07, 0.04), noise(p * 22.0)), 0.35, 0.05, 0.0, 0.0, 0.0);
        rice = mix(vec3(0.95, 0.94, 0.90), vec3(0.75, 0.74, 0.69), smoothstep(0.1, 0.45, cells(p * 26.0).x));
        vec3 fill = mod(float(i), 3.0) < 0.5 ? vec3(0.90, 0.30, 0.12) : mod(float(i), 3.0) < 1.5 ? vec3(0.42, 0.62, 0.16) : vec3(0.96, 0.70, 0.16);
        fill = mix(fill, mix(fill, vec3(1.0), 0.4), noise(q * 22.0));
        return Mat(mix(fill, rice, smoothstep(0.075, 0.085, max(abs(q.x), abs(q.z)) + 0.02 * noise(q * 12.0))), 0.4, 0.04, 0.0, 0.5, 0.0);
    }
    if (!top) return Mat(rice, 0.45, 0.04, 0.0, 0.5, 0.0);
    bool tuna = k0.x > 1.5 && i == 1; bool egg = k0.x > 1.5 && i == 3;
    vec3 base = tuna ? vec3(0.62, 0.05, 0.06) : egg ? vec3(0.96, 0.72, 0.18) : vec3(0.93, 0.33, 0.13);
    float line_ = smoothstep(0.72, 0.95, sin((q.z + 0.7 * q.x + 0.04 * sin(q.x * 20.0)) * 52.0));
    vec3 c = mix(base, vec3(0.98, 0.80, 0.62), line_ * (egg ? 0.1 : tuna ? 0.15 : 0.7));
    if (egg) c = mix(c, vec3(0.02, 0.03, 0.02), smoothstep(0.055, 0.045, abs(q.z)));
    return Mat(c, 0.16, 0.05, 0.0, 0.55, 0.0);
}
