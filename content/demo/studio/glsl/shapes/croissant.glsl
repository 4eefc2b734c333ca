// k0.x: topping (0 plain, 1 almonds, 2 chocolate).
#include crust.glsl
vec3 arc(vec3 p) {
    // Unrolls the crescent: x along it, y up, z outwards.
    vec2 q = p.xz - vec2(0.0, 0.78);
    float a = atan(q.x, -q.y); float c = clamp(a, -1.28, 1.28);
    // Past its tips the crescent is as far away as the tip is.
    if (abs(a) > 1.28) return vec3(c * 0.95, p.y - 0.36, length(q - vec2(sin(c), -cos(c)) * 0.95));
    return vec3(a * 0.95, p.y - 0.36, length(q) - 0.95);
}
float body(vec3 u) {
    float x = abs(u.x);
    float step_ = x * 4.4 + 0.5 + 0.30 * u.z * smoothstep(0.0, 0.35, x);
    float seg = floor(step_); float f = step_ - seg;
    float r = mix(0.44, 0.10, pow(sat(x / 1.28), 1.15)) + 0.055 * (1.0 - f) * (1.0 - 0.5 * sat(x));
    // The tips are thin: they come down to the table with the rest.
    u.y += 0.36 - 0.84 * mix(0.44, 0.10, pow(sat(x / 1.28), 1.15));
    float e = max(x - 1.22, 0.0);
    return length(vec3(e, u.y * 1.12 + 0.02, u.z)) - r;
}
vec2 map(vec3 p) {
    vec3 u = arc(p);
    float d = smax(body(u), -p.y, 0.05) * 0.55;
    vec2 o = vec2(d, 0.0);
    if (k0.x > 0.5 && k0.x < 1.5) {
        vec3 g = u * vec3(4.6, 4.6, 4.6); vec2 ce = cells(g);
        float fl = max(d / 0.55 - 0.03, ce.x * 0.2 - 0.072);
        if (u.y > 0.02) o = un(o, vec2(fl * 0.5, 1.0));
    }
    return o;
}
Mat surface(vec3 p, vec3 n, float id) {
    if (id > 0.5) return Mat(mix(vec3(0.86, 0.70, 0.44), vec3(0.93, 0.85, 0.68), noise(p * 12.0)), 0.5, 0.035, 0.0, 0.3, 0.0);
    vec3 u = arc(p);
    float x = abs(u.x); float f = fract(x * 4.4 + 0.5 + 0.30 * u.z * smoothstep(0.0, 0.35, x));
    float bake = 0.25 + 0.55 * sat(n.y) + 0.35 * smoothstep(0.35, 0.0, f) - 0.55 * smoothstep(0.75, 1.0, f);
    vec3 c = crust(p, bake);
    c *= 0.93 + 0.14 * noise(vec3(u.x * 40.0, u.y * 6.0, u.z * 6.0));
    if (k0.x > 1.5) {
        c = crust(p, bake);
        vec3 keepA = vec3(0.56, 0.30, 0.09);
        float z = sin(u.x * 17.0 + 2.0 * sin(u.z * 6.0)) + 0.4 * (noise(p * 4.0) - 0.5);
        vec3 base = mix(vec3(0.80, 0.50, 0.18), vec3(0.38, 0.16, 0.05), sat(bake + 0.2 * (fbm(p * 5.0) - 0.5)));
        float ch = smoothstep(0.72, 0.80, z) * smoothstep(-0.05, 0.1, u.y);
        return Mat(mix(base, vec3(0.06, 0.022, 0.012), ch), mix(0.38, 0.16, ch), 0.045, 0.0, 0.2, 0.0);
    }
    if (k0.x > 0.5) c = mix(c, vec3(0.95, 0.92, 0.86), 0.5 * smoothstep(0.45, 0.7, noise(p * 9.0)) * sat(n.y));
    return Mat(c, 0.34, 0.045, 0.0, 0.25, 0.0);
}
