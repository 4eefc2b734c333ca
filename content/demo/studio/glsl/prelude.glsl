// What every shape may use: picture uniforms, signed distances, noise.
// Space: y up, ground at y = 0, products about 2 units tall, front face towards +z.
uniform vec2 res;      // pixels of this rendering
uniform vec3 window;   // image-plane centre x, y and half width
uniform vec2 middle;    // where the window centre lands, picture units
uniform vec2 turn;     // product yaw and camera pitch, radians
uniform vec3 colA;     // palette, linear light: main, second, accent
uniform vec3 colB;
uniform vec3 colC;
uniform vec3 bgHi;     // backdrop, display values: glow behind the product, and edge
uniform vec3 bgLo;
uniform vec4 k0;       // the shape's own measures
uniform vec4 k1;
uniform vec4 k2;
uniform float mode;      // 0 picture, 0.5 backdrop alone, 1 silhouette
uniform float seed;
uniform sampler2D front; // label pictures, top row first
uniform sampler2D side;

vec3 gV; // towards the camera from the point that is being coloured

const float PI = 3.14159265;

struct Mat {
    vec3 col;   // albedo, linear
    float rough;  // 0 mirror .. 1 matt
    float spec;   // reflectance at normal incidence
    float metal;  // 1: reflections take the albedo's colour
    float sss;    // light that wraps around: flesh, wax, milk
    float clear;  // 1: look through it, tinted by col
};

float sq(float x) { return x * x; }
float sat(float x) { return clamp(x, 0.0, 1.0); }
vec3 lin(vec3 c) { return pow(max(c, vec3(0.0)), vec3(2.2)); }
float smin(float a, float b, float k) { float h = max(k - abs(a - b), 0.0) / k; return min(a, b) - h * h * k * 0.25; }
float smax(float a, float b, float k) { return -smin(-a, -b, k); }
vec2 un(vec2 a, vec2 b) { return a.x < b.x ? a : b; }
vec2 rot2(vec2 p, float a) { float c = cos(a); float s = sin(a); return vec2(c * p.x - s * p.y, s * p.x + c * p.y); }
vec3 rotX(vec3 p, float a) { p.yz = rot2(p.yz, a); return p; }
vec3 rotY(vec3 p, float a) { p.xz = rot2(p.xz, a); return p; }
vec3 rotZ(vec3 p, float a) { p.xy = rot2(p.xy, a); return p; }

float box2(vec2 p, vec2 b) { vec2 q = abs(p) - b; return length(max(q, vec2(0.0))) + min(max(q.x, q.y), 0.0); }
float box3(vec3 p, vec3 b) { vec3 q = abs(p) - b; return length(max(q, vec3(0.0))) + min(max(q.x, max(q.y, q.z)), 0.0); }
float rbox(vec3 p, vec3 b, float r) { return box3(p, b - vec3(r)) - r; }
// A standing cylinder from y0 to y1 with rounded rims.
float cyl(vec3 p, float r, float y0, float y1, float e) {
    vec2 q = vec2(length(p.xz), p.y - 0.5 * (y0 + y1));
    return box2(q, vec2(r, 0.5 * (y1 - y0)) - vec2(e)) - e;
}
// A standing cone frustum: radius r0 at y0, r1 at y1, rims rounded by e.
float cone(vec3 p, float r0, float r1, float y0, float y1, float e) {
    r0 -= e; r1 -= e; y0 += e; y1 -= e;
    vec2 q = vec2(length(p.xz), p.y - 0.5 * (y0 + y1));
    float h = 0.5 * (y1 - y0);
    vec2 a = vec2(r1, h);
    vec2 b = vec2(r1 - r0, 2.0 * h);
    vec2 ca = vec2(q.x - min(q.x, q.y < 0.0 ? r0 : r1), abs(q.y) - h);
    vec2 cb = q - a + b * sat(dot(a - q, b) / dot(b, b));
    float s = (cb.x < 0.0 && ca.y < 0.0) ? -1.0 : 1.0;
    return s * sqrt(min(dot(ca, ca), dot(cb, cb))) - e;
}
float torus(vec3 p, float r, float t) { return length(vec2(length(p.xz) - r, p.y)) - t; }
float capsule(vec3 p, vec3 a, vec3 b, float r) {
    vec3 pa = p - a; vec3 ba = b - a;
    return length(pa - ba * sat(dot(pa, ba) / dot(ba, ba))) - r;
}
float capsule2(vec3 p, vec3 a, vec3 b, float ra, float rb) {
    vec3 pa = p - a; vec3 ba = b - a;
    float h = sat(dot(pa, ba) / dot(ba, ba));
    return length(pa - ba * h) - mix(ra, rb, h);
}
float ellipsoid(vec3 p, vec3 r) {
    float a = length(p / r); float b = length(p / (r * r));
    return a < 0.0001 ? -min(r.x, min(r.y, r.z)) : a * (a - 1.0) / b;
}

float hash1(float n) { return fract(sin(n * 12.9898) * 43758.547); }
float hash3(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973) + seed * 0.00131);
    p += dot(p, p.yxz + 33.33);
    return fract((p.x + p.y) * p.z);
}
float noise(vec3 p) {
    vec3 i = floor(p); vec3 f = fract(p); f = f * f * (3.0 - 2.0 * f);
    float a = mix(hash3(i), hash3(i + vec3(1, 0, 0)), f.x);
    float b = mix(hash3(i + vec3(0, 1, 0)), hash3(i + vec3(1, 1, 0)), f.x);
    float c = mix(hash3(i + vec3(0, 0, 1)), hash3(i + vec3(1, 0, 1)), f.x);
    float d = mix(hash3(i + vec3(0, 1, 1)), hash3(i + vec3(1, 1, 1)), f.x);
    return mix(mix(a, b, f.y), mix(c, d, f.y), f.z);
}
float fbm(vec3 p) { return 0.5 * noise(p) + 0.27 * noise(p * 2.03 + 7.1) + 0.14 * noise(p * 4.1 + 3.7) + 0.09 * noise(p * 8.3); }
// Distance to the nearest of scattered points, and that cell's own number.
vec2 cells(vec3 p) {
    vec3 i = floor(p); float best = 9.0; float id = 0.0;
    for (int x = -1; x <= 1; x++) for (int y = -1; y <= 1; y++) for (int z = -1; z <= 1; z++) {
        vec3 g = i + vec3(float(x), float(y), float(z));
        float h = hash3(g);
        vec3 o = g + 0.5 + 0.38 * vec3(sin(h * 41.0), sin(h * 67.0), sin(h * 97.0)) - p;
        float d = dot(o, o);
        if (d < best) { best = d; id = h; }
    }
    return vec2(sqrt(best), id);
}
vec3 texF(vec2 uv) { return lin(textureLod(front, uv, 0.0).rgb); }
vec3 texS(vec2 uv) { return lin(textureLod(side, uv, 0.0).rgb); }
Mat matt(vec3 c) { return Mat(c, 0.55, 0.03, 0.0, 0.0, 0.0); }
Mat gloss(vec3 c) { return Mat(c, 0.18, 0.05, 0.0, 0.0, 0.0); }
Mat flesh(vec3 c, float sss) { return Mat(c, 0.3, 0.04, 0.0, sss, 0.0); }
Mat metal(vec3 c, float rough) { return Mat(c, rough, 0.9, 1.0, 0.0, 0.0); }
Mat glass(vec3 c) { return Mat(c, 0.05, 0.045, 0.0, 0.0, 1.0); }

// Where a wrap-around label is read: the angle seen from the front, 0..1 over `turns` of the circumference.
float around(vec3 p, float part) { return atan(p.x, p.z) / (2.0 * PI) / part + 0.5; }
bool inside01(vec2 uv) { return uv.x > 0.0 && uv.x < 1.0 && uv.y > 0.0 && uv.y < 1.0; }
// The cut face of a citrus fruit; q in units of its radius.
vec3 citrusFace(vec2 q, vec3 skin, vec3 pulp) {
    float r = length(q); float a = atan(q.y, q.x);
    float seg = abs(fract(a / (2.0 * PI) * 10.0) - 0.5) * 2.0;
    float wall = smoothstep(0.93, 0.80, seg + 0.12 / max(r, 0.05) * 0.35) * smoothstep(0.86, 0.80, r) * smoothstep(0.06, 0.14, r);
    vec3 pith = vec3(0.95, 0.90, 0.74);
    float grainy = noise(vec3(a * 14.0, r * 9.0, 1.0));
    vec3 c = mix(pith, mix(pulp * 0.86, mix(pulp, vec3(1.0), 0.25), grainy), wall);
    return mix(c, skin, smoothstep(0.93, 0.97, r));
}
