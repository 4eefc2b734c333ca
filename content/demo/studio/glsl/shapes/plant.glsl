// A plant in a pot. k0.x: 0 orchid, 1 lavender, 2 basil, 3 succulent.
vec2 pot(vec3 p) {
    float d = cone(p, 0.36, 0.48, 0.0, 0.62, 0.04);
    d = min(d, cyl(p, 0.52, 0.56, 0.72, 0.03));
    d = max(d, -cyl(p, 0.44, 0.64, 0.9, 0.0));
    return un(vec2(d, 0.0), vec2(cyl(p, 0.45, 0.5, 0.655, 0.02) + 0.02 * noise(p * 16.0), 1.0));
}
float leafAt(vec3 p, vec3 root, float yaw, float tilt, float len, float wide, float droop) {
    vec3 q = rotY(p - root, yaw); q = rotZ(q, -tilt);
    q.y += droop * q.x * q.x;
    float t = sat(q.x / len);
    float w = wide * sqrt(max(t * (1.0 - t) * 4.0, 0.0)) * (1.0 - 0.25 * t);
    float d = max(abs(q.z) - w, max(-q.x, q.x - len));
    return max(d, abs(q.y - 0.9 * abs(q.z) * abs(q.z) - 0.15 * abs(q.z)) - 0.014) * 0.55;
}
vec2 map(vec3 p) {
    vec2 o = pot(p);
    if (k0.x < 0.5) {
        for (int i = 0; i < 4; i++) o = un(o, vec2(leafAt(p, vec3(0, 0.66, 0), float(i) * 1.65 + 0.4, 0.35, 0.75, 0.17, 0.55), 2.0));
        vec3 q = p; float t = sat((q.y - 0.65) / 1.5);
        q.x -= 0.55 * t * t - 0.12; 
        o = un(o, vec2(capsule(q, vec3(0, 0.65, 0), vec3(0, 2.2, 0), 0.022) * 0.8, 3.0));
        for (int i = 0; i < 6; i++) {
            float f = float(i); float ty = 0.52 + 0.095 * f; float y = 0.65 + 1.5 * ty;
            vec3 c = vec3(0.55 * ty * ty - 0.12 + (i % 2 == 0 ? -0.17 : 0.17), y, 0.14);
            vec3 l = p - c; l = rotY(l, i % 2 == 0 ? 0.25 : -0.25);
            float r = length(l.xy); float a = atan(l.x, l.y);
            float pet = 0.205 * (0.62 + 0.38 * sqrt(0.5 + 0.5 * cos(a * 5.0))) * (1.0 - 0.06 * f);
            float d = max(abs(l.z - 0.35 * r * r) - 0.016, r - pet) * 0.6;
            float lip = ellipsoid(l - vec3(0, -0.045, 0.05), vec3(0.05, 0.06, 0.05));
            o = un(o, vec2(d, 4.0)); o = un(o, vec2(lip * 0.8, 5.0));
        }
        return o;
    }
    if (k0.x < 1.5) {
        for (int i = 0; i < 17; i++) {
            float f = float(i); float a = f * 2.39996; float s = 0.11 * sqrt(f);
            vec3 root = vec3(0.25 * s * cos(a), 0.66, 0.25 * s * sin(a));
            vec3 tip = vec3(1.25 * s * cos(a), 1.72 + 0.28 * hash1(f) - 0.5 * s, 1.1 * s * sin(a));
            vec3 ba = tip - root; float h = sat(dot(p - root, ba) / dot(ba, ba));
            float d = length(p - root - ba * h);
            float ear = smoothstep(0.62, 0.66, h);
            float w = mix(0.016, 0.075 * (0.62 + 0.38 * abs(sin(h * 38.0))) * (1.25 - 0.55 * h), ear);
            o = un(o, vec2((d - w) * 0.7, ear > 0.5 ? 6.0 : 3.0));
        }
        float tuft = length((p - vec3(0, 0.85, 0)) * vec3(1.0, 1.1, 1.0)) - 0.40 + 0.26 * noise(vec3(atan(p.x, p.z) * 12.0, p.y * 7.0, 1.0));
        return un(o, vec2(max(tuft * 0.5, 0.68 - p.y), 3.0));
    }
    if (k0.x < 2.5) {
        for (int i = 0; i < 26; i++) {
            float f = float(i); float a = f * 2.39996; float t = f / 26.0;
            vec3 root = vec3(0.28 * cos(a) * (1.0 - 0.3 * t), 0.80 + 0.78 * t, 0.28 * sin(a) * (1.0 - 0.3 * t));
            o = un(o, vec2(leafAt(p, root, a, 0.25 + 0.75 * t, 0.46 - 0.10 * t, 0.175, 0.45), 2.0));
        }
        return un(o, vec2(cone(p, 0.22, 0.10, 0.6, 1.55, 0.05), 3.0));
    }
    for (int k = 0; k < 4; k++) {
        float fk = float(k); float n = 9.0 - 1.5 * fk;
        float a = atan(p.z, p.x) + fk * 0.5; float sec = (fract(a / (2.0 * PI) * n) - 0.5) * 2.0 * PI / n;
        float r = length(p.xz); vec3 q = vec3(cos(sec) * r, p.y - 0.74, sin(sec) * r);
        float tilt = 0.25 + 0.36 * fk; float len = 0.60 - 0.09 * fk;
        q = rotZ(q - vec3(0.05, 0.0, 0), -tilt);
        float t = sat(q.x / len);
        float w = 0.17 * (0.35 + 0.65 * sin(PI * min(0.25 + t * 0.72, 1.0))) * (1.0 - 0.10 * fk);
        float d = length(vec3(max(max(-q.x, q.x - len + 0.08), 0.0), q.y * 1.6 - 0.25 * q.x * q.x, q.z)) - w * (1.0 - smoothstep(0.75, 1.05, t) * 0.8);
        o = un(o, vec2(d * 0.6, 7.0 + t * 0.9));
    }
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id < 0.5) {
        vec3 c = k0.x < 0.5 ? mix(colB, vec3(1.0), 0.4) : colC;
        return Mat(c * (0.93 + 0.12 * noise(p * 9.0)), k0.x < 0.5 || k0.x > 2.5 ? 0.2 : 0.75, 0.04, 0.0, 0.1, 0.0);
    }
    if (id < 1.5) return matt(mix(vec3(0.07, 0.045, 0.03), vec3(0.16, 0.10, 0.06), noise(p * 30.0)));
    vec3 g = k0.x < 0.5 ? colC : k0.x < 1.5 ? colB * 0.8 : colA;
    if (id < 2.5) return Mat(mix(g * 0.55, mix(g, colB, k0.x > 1.5 ? 0.35 : 0.1), fbm(p * 5.0)), 0.3, 0.045, 0.0, 0.5, 0.0);
    if (id < 3.5) return Mat(mix(g * 0.7, g * 1.2, noise(p * 14.0)), 0.6, 0.03, 0.0, 0.4, 0.0);
    if (id < 4.5) return Mat(mix(vec3(0.96, 0.95, 0.95), colB, 0.12), 0.4, 0.04, 0.0, 0.7, 0.0);
    if (id < 5.5) return Mat(mix(vec3(0.72, 0.10, 0.38), vec3(0.95, 0.7, 0.2), smoothstep(0.0, 0.1, noise(p * 20.0) - 0.6)), 0.35, 0.04, 0.0, 0.4, 0.0);
    if (id < 6.5) return Mat(mix(colA * 0.6, mix(colA, vec3(1.0), 0.15), noise(p * 30.0)), 0.7, 0.03, 0.0, 0.4, 0.0);
    float t = (id - 7.0) / 0.9;
    return Mat(mix(mix(colA, colB, 0.3), mix(colA, vec3(0.75, 0.25, 0.30), 0.55), smoothstep(0.80, 1.0, t)), 0.42, 0.04, 0.0, 0.5, 0.0);
}
