vec3 lay(vec3 p) { return rotY(p - vec3(-0.05, 0.27, -0.15), 0.35); }
vec2 map(vec3 p) {
    vec3 q = lay(p);
    q.y += 0.04 * q.x * q.x;
    float d = capsule(q, vec3(-1.15, 0, 0), vec3(0.75, 0, 0), 0.27);
    vec2 ce = cells(q * vec3(6.0, 8.0, 8.0));
    d -= 0.012 * smoothstep(0.3, 0.0, ce.x);
    d = max(d * 0.85, q.x - 0.55);
    vec2 o = vec2(d, 0.0);
    vec3 s = rotX(rotY(p - vec3(0.52, 0.16, 0.62), -0.2), -1.2); 
    o = un(o, vec2(cyl(s, 0.27, -0.035, 0.035, 0.01), 1.0));
    s = rotX(p - vec3(1.02, 0.10, 0.42), -0.35);
    return un(o, vec2(cyl(s, 0.27, -0.035, 0.035, 0.01), 2.0));
}
vec3 face(vec2 q) {
    float r = length(q); float a = atan(q.y, q.x);
    vec3 c = mix(vec3(0.72, 0.82, 0.42), vec3(0.85, 0.90, 0.62), smoothstep(0.45, 0.75, r));
    vec2 l = vec2((fract(a / (2.0 * PI) * 15.0) - 0.5) * 0.4 * r, r - 0.42 - 0.04 * sin(floor(a / (2.0 * PI) * 15.0) * 3.0));
    c = mix(c, vec3(0.93, 0.92, 0.74), smoothstep(0.085, 0.05, length(l * vec2(1.3, 0.7))));
    c = mix(c, vec3(0.62, 0.74, 0.32), 0.5 * smoothstep(0.05, 0.0, abs(abs(fract(a / (2.0 * PI) * 3.0) - 0.5) - 0.0)) * step(r, 0.55));
    return mix(c, vec3(0.05, 0.16, 0.04), smoothstep(0.92, 0.97, r));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 1.5) { vec3 s = rotX(p - vec3(1.02, 0.10, 0.42), -0.35); return Mat(face(s.xz / 0.27), 0.15, 0.05, 0.0, 0.5, 0.0); }
    if (id > 0.5) { vec3 s = rotX(rotY(p - vec3(0.52, 0.16, 0.62), -0.2), -1.2); return Mat(face(s.xz / 0.27), 0.15, 0.05, 0.0, 0.5, 0.0); }
    vec3 q = lay(p); q.y += 0.04 * q.x * q.x;
    if (q.x > 0.54) return Mat(face(q.yz / 0.27), 0.15, 0.05, 0.0, 0.5, 0.0);
    float a = atan(q.z, q.y);
    vec3 c = mix(colA * 0.55, colB, 0.45 * smoothstep(0.55, 0.75, noise(vec3(q.x * 0.9, cos(a) * 5.0, sin(a) * 5.0))));
    c = mix(c, colB, 0.35 * smoothstep(0.10, 0.02, cells(q * vec3(6.0, 8.0, 8.0)).x));
    return Mat(c, 0.2, 0.05, 0.0, 0.2, 0.0);
}
