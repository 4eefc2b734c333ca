// Flowers in a paper cone. k0.x: 0 tulips, 1 roses, 2 sunflowers, 3 meadow.
vec3 head(int i) {
    float f = float(i);
    if (i == 0) return vec3(0.0, 1.98, 0.16);
    if (i < 6) { float a = (f - 1.0) * 2.0 * PI / 5.0 + 0.3; return vec3(0.46 * cos(a), 1.84 + 0.05 * sin(f * 3.0), 0.10 + 0.42 * sin(a)); }
    float a = (f - 6.0) * 2.0 * PI / 8.0; return vec3(0.80 * cos(a), 1.55 + 0.07 * sin(f * 5.0), 0.06 + 0.62 * sin(a));
}
int kind(int i) { return k0.x > 2.5 ? 3 + i % 3 : int(k0.x + 0.5); }
// Tulips stand upright, the others look at the viewer.
vec3 axis(int i) { return normalize(head(i) - vec3(0.0, 0.2, 0.05) + (k0.x < 0.5 ? vec3(0.0, 1.1, 0.35) : vec3(0.0, 0.0, 0.8))); }
float flower(vec3 p, int i, out float part) {
    vec3 q = p - head(i); part = 1.0;
    vec3 up = axis(i);
    vec3 sx = normalize(cross(vec3(0.0, 1.0, 0.01), up)); vec3 sy = cross(up, sx);
    vec3 l = vec3(dot(q, sx), dot(q, up), dot(q, sy));
    float r = length(l.xz); float a = atan(l.z, l.x) + float(i);
    int k = kind(i);
    if (k == 0) {
        // Three petals outside, three within: an egg with a scalloped lip.
        float pet = abs(cos(a * 1.5)); float y = l.y - 0.02;
        float d = length(vec2(r * (1.0 + 0.35 * max(y, 0.0)), y * 0.66)) - 0.225 - 0.028 * pet;
        d = smax(d, y - 0.20 - 0.13 * pet, 0.03);
        d = smax(d, -(length(vec2(r, (y - 0.30) * 0.55)) - 0.135), 0.02);
        return d * 0.62;
    }
    if (k == 1) {
        float d = length(vec2(r, l.y * 1.1)) - 0.29;
        float sp = r * 15.0 - a * 0.9 - l.y * 3.0;
        d += 0.065 * (0.5 + 0.5 * sin(sp)) * smoothstep(0.02, 0.10, r) - 0.02 * cos(a * 5.0 + l.y * 6.0) * smoothstep(0.1, 0.3, r);
        return d * 0.55;
    }
    float n = k == 2 ? 17.0 : k == 3 ? 12.0 : k == 4 ? 5.0 : 9.0; float R = k == 2 ? 0.38 : k == 4 ? 0.26 : 0.24;
    float pet = 0.5 + 0.5 * cos(a * n);
    float prof = R * (0.72 + 0.28 * sqrt(pet));
    float bend = 0.35 * r * r - 0.03;
    float d = max(abs(l.y + bend - 0.035 * pet) - 0.020, r - prof);
    float core = length(vec2(r, (l.y - 0.0) * 1.9)) - (k == 2 ? 0.19 : 0.085);
    if (core < d) part = 2.0;
    return min(d * 0.55, core * 0.6);
}
vec2 map(vec3 p) {
    float a = atan(p.x, p.z);
    float y = p.y; float r = length(p.xz * vec2(1.0, 1.12));
    float R = mix(0.15, 0.86, pow(sat((y - 0.42) / 1.0), 0.9));
    R = y < 0.42 ? mix(0.34, 0.15, smoothstep(0.0, 0.42, y)) : R;
    float fold = 0.035 * sin(a * 9.0) * smoothstep(0.42, 1.3, y) + 0.028 * sin(a * 13.0) * smoothstep(0.42, 0.0, y);
    float topY = 1.42 + 0.14 * cos(a * 2.0 + PI) + 0.05 * sin(a * 9.0);
    float paper = max(max(abs(r - R - fold) - 0.014, y - topY), -y);
    vec2 o = vec2(paper * 0.55, 0.0);
    o = un(o, vec2(torus(p - vec3(0, 0.43, 0), 0.165, 0.045), 3.0));
    vec3 bow = p - vec3(0.0, 0.43, 0.20); bow.x = abs(bow.x);
    float b = length(vec2(length((rotZ(bow, 0.25).xy - vec2(0.15, 0.0)) * vec2(0.9, 1.6)) - 0.11, bow.z)) - 0.032;
    o = un(o, vec2(b * 0.7, 3.0));
    float green = length((p - vec3(0, 1.36, 0.05)) * vec3(1.0, 1.3, 1.0)) - 0.80 + 0.16 * cells(p * 5.0).x;
    o = un(o, vec2(max(green * 0.6, 1.2 - y), 2.0));
    int ia = 0; int ib = 1; float da = 1e3; float db = 1e3;
    for (int i = 0; i < 14; i++) {
        float l = length(p - head(i));
        if (l < da) { ib = ia; db = da; ia = i; da = l; } else if (l < db) { ib = i; db = l; }
    }
    for (int k = min(0, int(seed)); k < 2; k++) {
        int i = k == 0 ? ia : ib; float part;
        float d = flower(p, i, part);
        o = un(o, vec2(d, 10.0 + 4.0 * float(i) + part));
    }
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id < 0.5) return Mat(mix(vec3(0.72, 0.56, 0.38), vec3(0.80, 0.65, 0.46), noise(p * vec3(8.0, 40.0, 8.0))), 0.7, 0.03, 0.0, 0.25, 0.0);
    if (id < 2.5) return Mat(mix(colC * 0.35, colC * 1.2, smoothstep(0.5, 0.1, cells(p * 5.0).x)), 0.5, 0.03, 0.0, 0.4, 0.0);
    if (id < 3.5) return Mat(k0.x > 1.5 && k0.x < 2.5 ? vec3(0.9, 0.88, 0.8) : colA, 0.22, 0.06, 0.0, 0.1, 0.0);
    int i = int((id - 10.0) / 4.0 + 0.01); float part = id - 10.0 - 4.0 * float(i);
    int k = kind(i); vec3 q = p - head(i);
    vec3 up = axis(i);
    float h = dot(q, up); float r = length(q - up * h);
    vec3 main = i % 3 == 1 ? mix(colA, colB, 0.8) : colA; 
    if (k == 3) main = vec3(0.95, 0.94, 0.90); if (k == 4) main = colA; if (k == 5) main = colC;
    if (k == 2) main = colA;
    if (k == 1) main = mix(colA, colB, 0.5 * hash1(float(i)));
    if (part > 1.5) return Mat(k == 2 ? colB * (0.4 + 0.7 * noise(p * 40.0)) : vec3(0.90, 0.60, 0.06) * (0.8 + 0.4 * noise(p * 50.0)), 0.7, 0.03, 0.0, 0.2, 0.0);
    vec3 sx = normalize(cross(vec3(0.0, 1.0, 0.01), up));
    float a = atan(dot(q, cross(up, sx)), dot(q, sx)) + float(i);
    float petal = 0.5 + 0.5 * sin(r * 15.0 - a * 0.9 - h * 3.0 + 0.8);
    vec3 c = k == 1 ? mix(main * 0.42, main * 1.08, petal) * mix(0.75, 1.0, smoothstep(0.02, 0.25, r)) : mix(main * 0.78, main, smoothstep(-0.15, 0.2, k == 0 ? h : r));
    if (k == 0) { float pet = abs(cos(a * 1.5)); c = mix(main * 0.45, mix(main, vec3(1.0, 0.85, 0.7), 0.18 * smoothstep(0.0, 0.3, h)), smoothstep(0.05, 0.55, pet)); }
    if (k == 2) c = mix(vec3(0.80, 0.36, 0.02), c, smoothstep(0.14, 0.30, r));
    return Mat(c, 0.48, 0.035, 0.0, 0.55, 0.0);
}
