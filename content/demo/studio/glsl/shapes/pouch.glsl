// A standing pouch with a folded bottom and welded edges. k0: half width, height, half depth, zip (1).
// k1: gloss 0..1, bag shape (0 gusset at the bottom, 1 pillow with crimped ends), lie (radians), crease strength.
vec3 stand(vec3 p) {
    if (abs(k1.z) > 0.001) { p.y -= k0.x * 1.05; p = rotZ(p, k1.z); p.y += k0.y * 0.5; }
    return p;
}
float thick(vec3 p) {
    float x = sat(abs(p.x) / k0.x); float y = sat(p.y / k0.y);
    float d; float ends;
    if (k1.y < 0.5) {
        float belly = smoothstep(0.93, 0.25, y);
        d = k0.z * pow(1.0 - x * x * x, 0.6) * pow(belly, 0.8) * mix(0.84, 1.0, smoothstep(0.0, 0.14, y));
        ends = smoothstep(0.45, 0.92, y);
    } else {
        float e = sat(1.0 - pow(abs(y - 0.5) / 0.44, 2.6));
        d = k0.z * pow(sat(1.0 - pow(x, 2.6)), 0.62) * pow(e, 0.58);
        ends = smoothstep(0.20, 0.46, abs(y - 0.5));
    }
    float s = sign(p.z);
    // Film gathers: pleats run from the seals into the belly, and a few soft dents lie between.
    float ple = noise(vec3(p.x * 8.0 + 1.5 * noise(vec3(p.xy * 2.0, s)), p.y * 0.9, 3.0 + s + seed));
    float c = (ple - 0.5) * 0.11 * ends * (1.0 - 0.5 * ends) * 2.0;
    c += (noise(vec3(p.xy * 2.2, 9.0 + s + seed)) - 0.5) * 0.075;
    c += (noise(vec3(p.xy * vec2(5.5, 4.5), 2.0 + s + seed)) - 0.5) * 0.028 * (0.4 + ends);
    float edgeP = noise(vec3(p.y * 9.0, s * 3.0, sign(p.x) * 5.0 + seed));
    c += (edgeP - 0.5) * 0.06 * smoothstep(0.62, 0.95, x);
    return d + c * k1.w * smoothstep(0.0, 0.10, d);
}
float shell(vec3 p) {
    float d = abs(p.z) - thick(p) - 0.014;
    vec2 q = abs(p.xy - vec2(0, k0.y * 0.5)) - vec2(k0.x, k0.y * 0.5) + 0.05;
    float edge = length(max(q, vec2(0.0))) + min(max(q.x, q.y), 0.0) - 0.05;
    if (k1.y > 0.5) {
        // Pinked ends and ribbed seals.
        edge = max(edge, abs(p.y - k0.y * 0.5) - k0.y * 0.5 + 0.014 * abs(fract(p.x * 18.0) - 0.5) * 2.0);
        float y = p.y / k0.y; float s = max(smoothstep(0.062, 0.055, y), smoothstep(0.938, 0.945, y));
        d += 0.0035 * sin(p.y * 210.0) * s;
    } else {
        float y = p.y / k0.y;
        d -= 0.012 * smoothstep(0.009, 0.003, abs(y - 0.86)) * k0.w;
        d += 0.003 * sin(p.y * 230.0) * smoothstep(0.93, 0.94, y);
    }
    return max(d * 0.55, edge);
}
vec2 map(vec3 p) { p = stand(p); return vec2(shell(p) * 0.85, 0.0); }
Mat surface(vec3 w, vec3 n, float id) {
    vec3 p = stand(w);
    vec2 uv = vec2(0.5 + 0.5 * p.x / k0.x, 1.0 - p.y / k0.y);
    vec3 c;
    if (k1.y > 0.5) {
        float seal = 0.062;
        uv.y = (uv.y - seal) / (1.0 - 2.0 * seal);
        c = uv.y < 0.0 || uv.y > 1.0 ? texS(vec2(uv.x, clamp(uv.y, 0.02, 0.98))) * 0.92 : texF(uv);
    } else {
        uv.y = (uv.y - 0.07) / 0.93;
        c = uv.y < 0.0 ? texS(vec2(uv.x, 0.03)) : texF(uv);
    }
    return Mat(c, mix(0.5, 0.16, k1.x), 0.05 + 0.05 * k1.x, 0.0, 0.0, 0.0);
}
