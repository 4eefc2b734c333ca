// A wedge cut from a round. k0: kind (0 holes and wax, 1 natural rind, 2 brie, 3 cheesecake), height. Label in `front` on the near side.
float holes(vec3 p) { vec2 ce = cells(p * 2.1 + 0.7); return ce.y < 0.65 ? ce.x / 2.1 - 0.065 - 0.07 * ce.y : 0.3; }
vec3 lay(vec3 p) { return rotY(p - vec3(-0.95, 0.0, 0.25), 0.10); }
float solid(vec3 q, float grow) {
    float H = k0.y;
    float r = length(q.xz) - 1.95;
    float ha = 0.34;
    float a = max(dot(q.xz, vec2(-sin(ha), cos(ha))), dot(q.xz, vec2(-sin(ha), -cos(ha))));
    float d = smax(smax(max(a, r), abs(q.y - H * 0.5) - H * 0.5, 0.04), a, 0.03);
    return d - grow;
}
vec2 map(vec3 p) {
    vec3 q = lay(p);
    float d = solid(q, 0.0);
    vec2 o = vec2(d, 0.0);
    if (k0.x < 0.5) o.x = smax(d, -holes(q), 0.02);
    if (k0.x > 2.5) {
        d = solid(q, 0.0);
        o = vec2(d, 0.0);
    }
    return vec2(o.x * 0.8, o.y);
}
Mat surface(vec3 p, vec3 n, float id) {
    vec3 q = lay(p); float H = k0.y;
    float R = length(q.xz); float ha = 0.34;
    float near = dot(q.xz, vec2(-sin(ha), cos(ha)));
    float rindT = k0.x > 2.5 ? 0.0 : k0.x > 1.5 ? 0.05 : 0.055;
    float e = min(min(q.y, H - q.y), 1.95 - R);
    if (k0.x > 2.5) e = 1.95 - R;
    vec3 c; float rough = 0.42; float sss = 0.5;
    if (k0.x > 2.5) {
        c = mix(vec3(0.97, 0.90, 0.68), vec3(0.95, 0.85, 0.58), fbm(q * 3.0));
        c = mix(vec3(0.55, 0.30, 0.10) * (0.7 + 0.6 * noise(q * 22.0)), c, smoothstep(0.16, 0.19, q.y + 0.02 * noise(q * 8.0)));
        float top = smoothstep(H - 0.03, H - 0.005, q.y);
        c = mix(c, mix(vec3(0.90, 0.66, 0.28), vec3(0.55, 0.26, 0.07), smoothstep(0.35, 0.7, fbm(q * 3.5))), top);
        c = mix(c, vec3(0.55, 0.30, 0.10), smoothstep(1.88, 1.93, R));
    } else {
        c = k0.x > 1.5 ? mix(vec3(0.95, 0.87, 0.58), vec3(0.97, 0.92, 0.72), fbm(q * 3.0)) : mix(colA, mix(colA, vec3(1.0), 0.25), fbm(q * 2.5));
        vec3 rind = k0.x > 1.5 ? mix(vec3(0.96, 0.95, 0.90), vec3(0.86, 0.82, 0.70), fbm(q * 7.0)) : k0.x > 0.5 ? mix(colB * 0.7, colB * 1.15, fbm(q * 9.0)) : colC;
        c = mix(rind, c, smoothstep(rindT, rindT + 0.015, e));
        if (k0.x < 0.5 && e < rindT) rough = 0.2;
        if (e < rindT) sss = 0.15;
    }
    // The label on the near side.
    if (k0.x < 2.5 && abs(near) < 0.012) {
        vec2 along = vec2(cos(ha), sin(ha));
        vec2 uv = vec2((dot(q.xz, along) - 0.72) / 1.0, (H - 0.10 - q.y) / (H - 0.20));
        if (inside01(uv)) return Mat(texF(uv), 0.4, 0.04, 0.0, 0.0, 0.0);
    }
    return Mat(c, rough, 0.045, 0.0, sss, 0.0);
}
