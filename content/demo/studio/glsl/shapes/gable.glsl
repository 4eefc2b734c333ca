// A gable-top milk carton. k0: half width, body height, half depth, roof height.
float roofAt(vec3 p) {
    float t = sat((p.y - k0.y) / k0.w);
    vec3 n = normalize(vec3(0.0, k0.z, k0.w));
    float slope = dot(vec3(0.0, p.y - k0.y, abs(p.z) - k0.z), vec3(0.0, n.y, n.z));
    float ends = abs(p.x) - k0.x + 0.16 * t * smoothstep(0.0, k0.z, k0.z * (1.0 - t) - abs(p.z) + 0.05);
    return max(max(slope, ends * 0.9), max(k0.y - 0.03 - p.y, p.y - k0.y - k0.w));
}
vec2 map(vec3 p) {
    float b = rbox(p - vec3(0, k0.y * 0.5, 0), vec3(k0.x, k0.y * 0.5, k0.z), 0.02);
    float r = roofAt(p) - 0.006;
    float fin = rbox(p - vec3(0, k0.y + k0.w + 0.05, 0), vec3(k0.x, 0.10, 0.022), 0.012);
    fin += 0.003 * sin(p.x * 90.0) * step(k0.y + k0.w + 0.06, p.y) * 0.5;
    vec2 o = vec2(min(min(b, r), fin), 0.0);
    float a = atan(k0.z, k0.w);
    vec3 q = p - vec3(0.0, k0.y + k0.w * 0.47, k0.z * 0.53);
    q = rotX(q, -(PI * 0.5 - atan(k0.w, k0.z)) + PI * 0.5 - PI * 0.5);
    q = vec3(q.x, dot(p - vec3(0.0, k0.y + k0.w * 0.47, k0.z * 0.53), normalize(vec3(0, k0.z, k0.w))),
             dot(p - vec3(0.0, k0.y + k0.w * 0.47, k0.z * 0.53), normalize(vec3(0, -k0.w, k0.z))));
    float g = atan(q.x, q.z);
    o = un(o, vec2(cyl(q, 0.15 + 0.005 * cos(g * 28.0), 0.02, 0.14, 0.02) * 0.8, 1.0));
    return un(o, vec2(cyl(q, 0.185, -0.02, 0.03, 0.01), 1.0));
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 0.5) return Mat(dot(colC, vec3(1.0)) > 2.2 ? colA : colC, 0.3, 0.05, 0.0, 0.1, 0.0);
    float v = 1.0 - p.y / k0.y;
    vec3 c;
    if (p.y > k0.y + 0.002) c = texS(vec2(0.5 + 0.5 * p.x / k0.x, 0.06));
    else if (abs(n.x) > abs(n.z)) c = texS(vec2(0.5 - 0.5 * sign(n.x) * p.z / k0.z, v));
    else c = texF(vec2(0.5 + 0.5 * p.x / k0.x, v));
    c *= 1.0 - 0.18 * smoothstep(0.012, 0.0, abs(p.y - k0.y));
    return Mat(c, 0.3, 0.04, 0.0, 0.0, 0.0);
}
