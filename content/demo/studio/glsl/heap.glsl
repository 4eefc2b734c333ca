// Several pieces of one kind. The file that includes this gives `vec2 one(vec3 p, float i)` (a piece standing on
// y = 0, about one unit wide) and `Mat skin(vec3 p, vec3 n, float id, float i)`. k0: arrangement, spread, tilt.
vec4 spot(int a, int i) {
    if (a == 1) return vec4(0.0, 0.0, 0.0, 0.0);
    if (a == 2) return i == 0 ? vec4(-0.52, 0.0, -0.12, 0.2) : vec4(0.52, 0.0, 0.16, 0.0);
    if (a == 3) return i == 0 ? vec4(-0.56, 0.0, -0.10, 0.3) : i == 1 ? vec4(0.50, 0.0, -0.38, 1.9) : vec4(0.14, 0.0, 0.58, 0.0);
    if (a == 4) return i == 0 ? vec4(-0.56, 0.0, 0.12, 0.3) : i == 1 ? vec4(0.56, 0.0, 0.20, 1.7) : i == 2 ? vec4(0.02, 0.0, -0.72, 2.9) : vec4(-0.02, 0.68, -0.10, 4.1);
    if (a == 5) return i == 0 ? vec4(-0.95, 0.0, -0.1, 0.3) : i == 1 ? vec4(0.0, 0.0, 0.22, 1.7) : i == 2 ? vec4(0.95, 0.0, -0.05, 2.9) : i == 3 ? vec4(-0.48, 0.60, -0.15, 4.1) : vec4(0.46, 0.58, -0.10, 5.3);
    if (a == 7) return i == 0 ? vec4(-1.0, 0.0, 0.25, 0.3) : i == 1 ? vec4(0.02, 0.0, 0.60, 1.7) : i == 2 ? vec4(1.02, 0.0, 0.30, 2.9) : i == 3 ? vec4(-0.50, 0.0, -0.55, 4.1) : vec4(0.52, 0.0, -0.52, 5.3);
    // a pile of ten: six, three, one
    float f = float(i);
    if (i < 3) return vec4((f - 1.0) * 0.96, 0.0, 0.62 - 0.10 * abs(f - 1.0), f * 2.1 + 0.4);
    if (i < 5) return vec4((f - 3.5) * 0.98, 0.0, -0.24, f * 1.7);
    if (i < 6) return vec4(0.0, 0.0, -1.05, 0.0);
    if (i < 8) return vec4((f - 6.5) * 0.98, 0.66, 0.26, f * 2.6);
    if (i < 9) return vec4(0.02, 0.66, -0.52, 1.0);
    return vec4(0.03, 1.30, -0.02, 4.0);
}
int pieces() { return int(k0.x) == 6 ? 10 : int(k0.x) == 7 ? 5 : int(k0.x); }
vec3 piece(vec3 p, int i) {
    vec4 s = spot(int(k0.x), i);
    p -= s.xyz * k0.y;
    p.y -= 0.5; 
    p = rotY(p, k0.w > 0.5 ? 0.7 * sin(s.w * 2.0) : s.w);
    p = rotX(p, (hash1(float(i) + 3.0) - 0.5) * 2.0 * k0.z);
    p = rotZ(p, (hash1(float(i) + 9.0) - 0.5) * 1.6 * k0.z);
    p.y += 0.5;
    return p;
}
vec2 map(vec3 p) {
    // Only the two nearest pieces are worked out: the rasteriser runs both sides of an `if`, so skipping must be by choice.
    int a = 0; int b = 0; float da = 1e3; float db = 1e3;
    for (int i = 0; i < pieces(); i++) {
        vec3 d = p - spot(int(k0.x), i).xyz * k0.y - vec3(0.0, 0.48, 0.0);
        float l = length(d);
        if (l < da) { b = a; db = da; a = i; da = l; } else if (l < db) { b = i; db = l; }
    }
    vec2 best = vec2(1e3, 0.0);
    for (int k = min(0, int(seed)); k < 2; k++) {
        int i = k == 0 ? a : b;
        vec2 d = one(piece(p, i), float(i));
        if (d.x < best.x) best = vec2(d.x, d.y + 10.0 * float(i));
    }
    return best;
}
Mat surface(vec3 p, vec3 n, float id) {
    int i = int(id / 10.0 + 0.01);
    vec4 s = spot(int(k0.x), i);
    return skin(piece(p, i), rotY(n, k0.w > 0.5 ? 0.7 * sin(s.w * 2.0) : s.w), id - 10.0 * float(i), float(i));
}
