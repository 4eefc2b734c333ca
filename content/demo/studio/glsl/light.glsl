// The studio: one camera, one set of lamps, the same for every product.
// Shapes above this file have given `vec2 map(vec3)` and `Mat surface(vec3, vec3, float)`.


float dist(vec3 p) { return map(p).x; }

// Loops that start at a number the compiler cannot know stay loops: the map is compiled once, not four times.
int zero() { return min(0, int(seed)); }

vec3 normalAt(vec3 p) {
    vec3 n = vec3(0.0);
    for (int i = zero(); i < 4; i++) {
        vec3 e = vec3(float(((i + 3) >> 1) & 1), float((i >> 1) & 1), float(i & 1)) * 2.0 - 1.0;
        n += e * dist(p + e * 0.0009);
    }
    return normalize(n);
}
vec3 toWorld(vec3 d, vec3 cx, vec3 cy, vec3 cz) { return cx * d.x + cy * d.y + cz * d.z; }

// One rectangular lamp seen from the set: soft edges grow with the roughness of what mirrors it.
float lamp(vec3 d, vec3 at, vec3 up, vec2 size, float rough) {
    vec3 r = normalize(cross(up, at)); vec3 u = cross(at, r);
    float f = dot(d, at);
    if (f < 0.05) return 0.0;
    vec2 q = abs(vec2(dot(d, r), dot(d, u)) / f);
    float w = 0.04 + rough * 0.9;
    vec2 s = 1.0 - smoothstep(size - vec2(w), size + vec2(w), q);
    return s.x * s.y;
}
// The room in camera space (x right, y up, z towards the camera), linear light.
vec3 room(vec3 d, float rough) {
    vec3 floorCol = lin(mix(bgHi, bgLo, 0.4));
    vec3 c = mix(floorCol * 0.62, vec3(0.42, 0.43, 0.46), smoothstep(-0.35, 0.25, d.y));
    c = mix(c, vec3(0.62), smoothstep(0.3, 1.0, d.y));
    c *= mix(1.0, 0.72, smoothstep(0.2, 0.9, d.z) * (1.0 - rough));
    float g = 1.0 / (1.0 + rough * 2.2);
    c += vec3(3.4, 3.25, 3.05) * g * lamp(d, normalize(vec3(-0.72, 0.55, 0.52)), vec3(0, 1, 0), vec2(0.34, 0.62), rough);
    c += vec3(2.0, 2.1, 2.3) * g * lamp(d, normalize(vec3(0.95, 0.22, 0.10)), vec3(0, 1, 0), vec2(0.16, 0.9), rough);
    c += vec3(1.2) * g * lamp(d, normalize(vec3(0.1, 1.0, -0.25)), vec3(0, 0, 1), vec2(0.8, 0.4), rough);
    return c;
}
float shadow(vec3 p, vec3 l, float k) {
    float r = 1.0; float t = 0.02;
    for (int i = 0; i < 34; i++) {
        float h = dist(p + l * t);
        r = min(r, 0.5 + 0.5 * k * h / t);
        if (r < 0.0 || t > 3.6) break;
        t += clamp(h * 0.9, 0.016, 0.22);
    }
    r = sat(r);
    return r * r * (3.0 - 2.0 * r);
}
float occlusion(vec3 p, vec3 n, float base, float reach, float fall) {
    float o = 0.0; float w = 1.0;
    for (int i = zero(); i < 6; i++) {
        float h = base + reach * float(i) * (1.0 + 0.37 * float(i));
        vec3 q = p + n * h;
        float d = min(dist(q), n.y > 0.999 ? 1e3 : max(q.y, 0.0));
        o += max(h - d, 0.0) * w; w *= fall;
    }
    return sat(1.0 - 1.5 * o);
}
vec3 backdrop(vec2 q) {
    float v = sat(length((q - vec2(0.0, 0.06)) * vec2(0.95, 1.0)) * 0.82);
    return mix(bgHi, bgLo, v * v * (3.0 - 2.0 * v));
}
vec3 tone(vec3 c) {
    c *= 1.06;
    vec3 over = max(c - 0.72, vec3(0.0));
    c = min(c, vec3(0.72)) + 0.28 * (1.0 - exp(-over / 0.28 * 0.8));
    return pow(c, vec3(1.0 / 2.2));
}

vec3 picture(vec2 xy) {
    vec2 q = (xy - res * 0.5) / (res.x * 0.5);
    vec2 im = window.xy + (q - middle) * window.z;
    // Camera: a long lens 11 units away, looking a little down; the product turns, the lamps stay with the camera.
    float yaw = turn.x; float pitch = turn.y;
    vec3 cz = vec3(sin(yaw) * cos(pitch), sin(pitch), cos(yaw) * cos(pitch));
    vec3 cx = normalize(cross(vec3(0, 1, 0), cz)); vec3 cy = cross(cz, cx);
    vec3 ro = vec3(0, 1, 0) + cz * 11.0;
    vec3 rd = normalize(cx * im.x + cy * im.y - cz * 11.0);
    vec3 key = toWorld(normalize(vec3(-0.55, 0.86, 0.60)), cx, cy, cz);
    vec3 rim = toWorld(normalize(vec3(0.85, 0.35, -0.25)), cx, cy, cz);
    vec3 fillL = toWorld(normalize(vec3(0.6, 0.25, 0.75)), cx, cy, cz);

    float tg = ro.y / max(-rd.y, 0.0001);
    float tmax = min(tg + 0.3, 14.5);
    float t = 7.8; vec2 h = vec2(1.0, -1.0); bool hit = false;
    for (int i = 0; i < 130; i++) {
        h = map(ro + rd * t);
        if (h.x < 0.0009) { hit = true; break; }
        t += h.x;
        if (t > tmax) break;
    }
    if (mode > 0.75) return vec3(hit ? 1.0 : 0.0);
    vec3 bg = backdrop(q);
    if (mode > 0.25) return bg;
    vec3 outc = bg;
    bool on = hit && t < tg + 0.02;
    vec3 p = ro + rd * (on ? t : tg);
    vec3 n = on ? normalAt(p) : vec3(0.0, 1.0, 0.0);
    float sh = shadow(p + n * 0.012, key, on ? 9.0 : 4.2);
    float ao = occlusion(p, n, on ? 0.012 : 0.02, on ? 0.062 : 0.078, on ? 0.62 : 0.66);
    if (on) {
        vec3 v = -rd;
        gV = v; Mat m = surface(p, n, h.y);
        float nv = sat(dot(n, v));
        float kd = dot(n, key);
        float wrap = mix(sat(kd), sat((kd + 0.45) / 1.45), m.sss);
        float soft = mix(sh, 0.45 + 0.55 * sh, m.sss);
        vec3 keyC = vec3(1.62, 1.54, 1.43);
        vec3 ground = lin(mix(bgHi, bgLo, 0.4));
        vec3 d = keyC * wrap * soft;
        d += vec3(0.50, 0.52, 0.56) * (0.5 + 0.5 * n.y) * ao;
        d += ground * 0.36 * (0.5 - 0.5 * n.y) * mix(ao, 1.0, 0.25);
        d += vec3(0.24, 0.24, 0.26) * sat(dot(n, fillL)) * mix(ao, 1.0, 0.4);
        d += vec3(0.42, 0.44, 0.50) * sat(dot(n, rim)) * ao;
        vec3 aoTint = mix(vec3(1.0), vec3(ao), 1.0 - 0.5 * m.sss);
        vec3 c = m.col * d * (1.0 - m.metal) * mix(vec3(1.0), aoTint, 0.35);
        c += m.col * m.col * m.sss * 0.16 * pow(1.0 - nv, 2.0) * (0.4 + 0.6 * sat(kd + 0.6));
        if (m.clear > 0.0) {
            // Through the glass once: bend, walk to the far side, tint by the length of the way.
            vec3 ri = refract(rd, n, 1.0 / 1.22);
            float ti = 0.03;
            for (int i = 0; i < 40; i++) { float e = -dist(p + ri * ti); if (e < 0.0015) break; ti += max(e, 0.004); }
            vec3 pe = p + ri * ti; vec3 ne = normalAt(pe);
            vec3 rx = refract(ri, -ne, 1.22);
            if (dot(rx, rx) < 0.01) rx = reflect(ri, -ne);
            vec3 rc = vec3(dot(rx, cx), dot(rx, cy), dot(rx, cz));
            float side = smoothstep(0.15, 0.75, length(rc.xy - vec2(0.0, -0.15)));
            vec3 back = lin(mix(bgHi * 1.03, bgLo, 0.3)) * mix(1.12, 0.34, side);
            back *= mix(0.72, 1.0, smoothstep(0.0, 0.25, pe.y));
            vec3 tint = pow(max(m.col, vec3(0.004)), vec3(0.25 + 1.15 * ti));
            vec3 through = back * tint + m.col * 0.10 * (wrap * 0.8 + 0.4);
            c = mix(c, through, m.clear);
        }
        vec3 r = reflect(rd, n);
        vec3 rc = vec3(dot(r, cx), dot(r, cy), dot(r, cz));
        float fr = m.spec + (max(1.0 - m.rough * 1.1, m.spec) - m.spec) * pow(1.0 - nv, 5.0);
        float occ = mix(ao, 1.0, 0.25) * mix(0.55 + 0.45 * sh, 1.0, step(r.y, 0.2));
        vec3 envC = room(rc, m.rough) * occ;
        c = c * (1.0 - fr * (1.0 - m.metal)) + envC * fr * mix(vec3(1.0), m.col, m.metal);
        outc = tone(c);
    } else if (rd.y < 0.0) {
        float fade = 1.0 - smoothstep(2.2, 3.6, length(p.xz));
        float dark = (1.0 - (1.0 - 0.30 * (1.0 - sh)) * (0.42 + 0.58 * ao)) * fade;
        vec3 tint = mix(bgLo * bgLo * 0.55, vec3(0.18, 0.14, 0.14), 0.35);
        outc = mix(bg, tint, sat(dark) * 0.86);
    }
    // A grain finer than one display step, so that soft gradients do not band.
    float gr = fract(52.9829189 * fract(dot(xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    return outc + gr / 255.0;
}
out vec4 pixel;
void main() { pixel = vec4(picture(gl_FragCoord.xy), 1.0); }
