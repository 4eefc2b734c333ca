float bananaAt(vec3 p, out float t) {
    // An arc in the xy plane, thicker in the middle, five soft edges.
    float R = 1.05; vec3 q = p - vec3(0, R, 0);
    float a = atan(q.x, -q.y);
    t = a / 0.80;
    float c = clamp(a, -0.80, 0.80);
    vec3 on = vec3(sin(c) * R, -cos(c) * R, 0.0);
    vec3 dlt = q - on;
    vec2 rad = vec2(dot(dlt, normalize(vec3(-on.xy, 0.0))), dlt.z);
    float ang = atan(rad.y, rad.x);
    float w = 0.205 * pow(max(1.0 - pow(abs(t), 3.2), 0.0), 0.5) + 0.035;
    float along = abs(a) > 0.80 ? length(dlt) : length(rad);
    return along - w * (1.0 + 0.045 * cos(5.0 * ang + 0.5));
}
vec3 lay(vec3 p, int i) {
    float f = float(i) - 1.5;
    p -= vec3(-0.02 * f, 0.16 + 0.0 * f, 0.0);
    p.z -= -0.02; 
    vec3 h = vec3(0.88, 0.62, 0.0);
    p -= h; p = rotY(p, f * 0.26); p = rotX(p, 0.0); p = rotZ(p, -0.06 * f); p += h;
    return rotX(p, f * 0.12 + 0.25);
}
vec2 map(vec3 p) {
    vec2 o = vec2(1e3, 0.0); float t;
    for (int i = 0; i < 4; i++) {
        vec3 q = lay(p, i);
        o = un(o, vec2(bananaAt(q, t) * 0.75, float(i)));
    }
    float st = capsule2(p, vec3(0.80, 0.58, 0.03), vec3(1.02, 0.92, 0.03), 0.10, 0.07);
    o.x = smin(o.x, st, 0.12);
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    float t; vec3 q = lay(p, int(id + 0.5)); bananaAt(q, t);
    vec3 c = mix(colA, colB, 0.35 * noise(p * vec3(3.0)));
    c = mix(c, vec3(0.45, 0.52, 0.10), smoothstep(0.68, 1.0, t) * 0.65);
    c = mix(c, vec3(0.09, 0.06, 0.03), smoothstep(-0.985, -1.02, t));
    c = mix(c, vec3(0.14, 0.10, 0.04), smoothstep(0.86, 0.92, p.y) * smoothstep(0.8, 0.95, p.x));
    vec2 ce = cells(q * vec3(9.0, 9.0, 9.0));
    c = mix(c, colC * 0.7, smoothstep(0.16, 0.08, ce.x) * step(ce.y, 0.35) * 0.75);
    return Mat(c, 0.33, 0.04, 0.0, 0.4, 0.0);
}
