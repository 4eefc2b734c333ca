// A glass jar with a twist lid. k0: radius, height without lid, lid radius, lid height.
// k1: label from, label to, filling (0 smooth, 1 clear like honey, 2 chunky, 3 grains, 4 none: the jar itself is coloured, 5 candle), part of the round the label takes.
float bodyAt(vec3 p) {
    float r = k0.x; float h = k0.y;
    float b = cyl(p, r, 0.0, h - 0.14, 0.1);
    float n = cyl(p, k0.z * 0.93, h - 0.3, h, 0.02);
    return smax(smin(b, n, 0.16), length(p.xz) - r, 0.03);
}
vec2 map(vec3 p) {
    float a = atan(p.x, p.z);
    vec2 o = vec2(bodyAt(p), 0.0);
    float h = k0.y;
    float lid = cyl(p, k0.z + 0.006 * cos(a * 60.0) * smoothstep(h + k0.w - 0.05, h + k0.w - 0.08, p.y), h - 0.03, h - 0.03 + k0.w, 0.035) * 0.85;
    lid += 0.012 * smoothstep(0.04, 0.02, abs(length(p.xz) - k0.z * 0.82)) * step(h, p.y);
    if (k1.z > 4.5) lid = cyl(p, k0.z, h - 0.02, h + k0.w, 0.02);
    o = un(o, vec2(lid, 1.0));
    float lab = max(abs(length(p.xz) - k0.x) - 0.007, abs(p.y - 0.5 * (k1.x + k1.y)) - 0.5 * (k1.y - k1.x));
    lab = max(lab, (abs(a) - PI * k1.w) * k0.x);
    return un(o, vec2(lab, 2.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 1.5) return Mat(texF(vec2(around(p, k1.w), (k1.y - p.y) / (k1.y - k1.x))), 0.42, 0.035, 0.0, 0.0, 0.0);
    if (id > 0.5) {
        if (k1.z > 4.5) return Mat(mix(vec3(0.42, 0.24, 0.11), vec3(0.58, 0.36, 0.18), noise(p * vec3(3.0, 40.0, 3.0))), 0.5, 0.04, 0.0, 0.0, 0.0);
        if (k1.z > 3.5) return Mat(mix(colB, vec3(0.9), 0.3), 0.25, 0.06, 0.1, 0.0, 0.0);
        vec3 c = dot(colC, vec3(1.0)) > 2.4 ? vec3(0.86, 0.62, 0.22) : colC;
        return Mat(c, 0.26, 0.45, dot(colC, vec3(1.0)) > 2.4 ? 0.8 : 0.35, 0.0, 0.0);
    }
    float nv = sat(dot(n, gV));
    vec3 q = p - gV * 0.06;
    vec3 c = colA;
    float s = 0.2;
    if (k1.z < 0.5) c *= 0.92 + 0.16 * noise(q * 5.0);
    else if (k1.z < 1.5) {
        // Light gathers at the far wall of a clear filling.
        float back = sat(0.5 + 0.5 * p.x / k0.x);
        c = mix(c * 0.55, min(c * 1.7 + vec3(0.10, 0.04, 0.0), vec3(1.0)), smoothstep(0.15, 0.95, back) * 0.75 + 0.2);
        vec2 ce = cells(q * 7.0); c *= 0.86 + 0.22 * smoothstep(0.2, 0.6, ce.x); s = 0.6;
    } else if (k1.z < 2.5) {
        vec2 ce = cells(q * 12.0);
        c = mix(c, ce.y < 0.3 ? colB * 0.8 : ce.y < 0.55 ? c * 0.55 : c * 1.25, smoothstep(0.55, 0.2, ce.x)); s = 0.4;
    } else if (k1.z < 3.5) { vec2 ce = cells(q * 26.0); c = mix(c * 0.5, c * 1.5, ce.y) * (0.6 + 0.5 * smoothstep(0.6, 0.2, ce.x)); }
    else if (k1.z > 4.5) { c = mix(vec3(0.93, 0.86, 0.72), c, 0.25); s = 0.7; }
    else s = 0.4;
    float fill = k0.y - (k1.z > 3.5 && k1.z < 4.5 ? -1.0 : 0.20);
    c = p.y > fill + 0.01 ? mix(vec3(0.80, 0.84, 0.86), c, 0.25) : c;
    c *= 1.0 - 0.3 * smoothstep(0.015, 0.0, abs(p.y - fill));
    // Thick glass at the rim and the foot.
    float foot = smoothstep(0.10, 0.03, p.y);
    c = mix(c, mix(vec3(0.85, 0.9, 0.92), c, 0.35), k1.z > 3.5 && k1.z < 4.5 ? 0.0 : max(foot * 0.8, smoothstep(0.42, 0.12, nv) * 0.75));
    return Mat(c, 0.05, 0.05, 0.0, s, 0.0);
}
