"""From a product to a shot: which solid, which measures, which printed labels, seen from where."""

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from content.demo.studio import ink
from content.demo.studio.labels import print_label
from content.demo.studio.layouts import Words
from content.demo.studio.order import Product
from content.demo.studio.stage import Four, Shot

TEXELS = 520  # per unit of space: about what the camera sees at three times the final size
NONE: Four = (0.0, 0.0, 0.0, 0.0)


def _label(words: Words, wide: float, tall: float, bare: bool = False, kind: str = "flat") -> Image.Image:
    scale = TEXELS * max(1.0, 0.9 / max(wide, tall))
    return print_label(words, (round(wide * scale), round(tall * scale)), bare, kind)


def _shot(
    product: Product, shape: str, *k: Four, labels: dict[str, Image.Image] | None = None, **more: float
) -> Shot:
    k0, k1, k2 = (*k, NONE, NONE, NONE)[:3]
    return Shot(
        shape,
        product.words.palette,
        product.backdrop,
        (k0, k1, k2),
        yaw=more.get("yaw", 0.0),
        pitch=more.get("pitch", 11.0),
        seed=product.seed,
        labels=labels or {},
    )


def _faces(words: Words, wide: float, tall: float, deep: float, kind: str = "flat") -> dict[str, Image.Image]:
    """Front printed, side with the ground only."""
    return {"front": _label(words, wide, tall, kind=kind), "side": _label(words, deep, tall, bare=True)}


def _carton(
    p: Product,
    w: float,
    h: float,
    d: float,
    cap: bool = False,
    lean: float = 0.0,
    yaw: float = -27.0,
    edge: float = 0.018,
    pitch: float = 11.0,
) -> Shot:
    return _shot(
        p,
        "box",
        (w, h, d, edge),
        (float(cap), lean, 0, 0),
        labels=_faces(p.words, 2 * w, h, 2 * d),
        yaw=yaw,
        pitch=pitch,
    )


def box(p: Product) -> Shot:
    """Folding cartons: the title says how they are proportioned."""
    t = p.title.lower()
    sizes: list[tuple[tuple[str, ...], tuple[float, float, float]]] = [
        (("butter, ", "salted butter"), (0.82, 0.80, 0.36)),
        (("capsule",), (0.95, 0.92, 0.30)),
        (("tasting", "praline", "truffle", "dates", "gift"), (0.92, 1.25, 0.20)),
        (("tea",), (0.66, 1.25, 0.34)),
        (("muesli", "flakes"), (0.66, 1.9, 0.26)),
        (("kit for",), (0.80, 1.42, 0.36)),
        (("fish fingers", "salmon", "lollies"), (0.92, 1.2, 0.24)),
        (("risotto",), (0.58, 1.4, 0.26)),
        (("toothbrush", "razor"), (0.48, 1.7, 0.18)),
        (("plaster", "cable", "power bank"), (0.62, 1.1, 0.20)),
        (("freezer", "biscuit"), (0.92, 0.95, 0.30)),
    ]
    w, h, d = next((size for names, size in sizes if any(n in t for n in names)), (0.64, 1.5, 0.26))
    return _carton(p, w, h, d)


def carton(p: Product) -> Shot:
    """A drinks brick with a screw cap."""
    small = p.amount and p.amount < 600
    return _carton(p, 0.42 if small else 0.46, 1.35 if small else 1.72, 0.30 if small else 0.34, cap=True)


def milk_carton(p: Product) -> Shot:
    w, h, d, roof = 0.47, 1.55, 0.42, 0.36
    return _shot(p, "gable", (w, h, d, roof), labels=_faces(p.words, 2 * w, h, 2 * d), yaw=-27)


def pizza_box(p: Product) -> Shot:
    shot = _carton(p, 0.98, 1.96, 0.10, yaw=-20, edge=0.014)
    words = replace(p.words, motif="pizza")
    return replace(shot, labels={**shot.labels, "front": _label(words, 1.96, 1.96, kind="poster")})


def bar(p: Product) -> Shot:
    """Chocolate in a paper sleeve; other bars in a flow-wrap lying aslant."""
    if p.words.brand == "Miralind":
        labels = _faces(p.words, 1.16, 1.56, 0.2)
        return _shot(p, "chocolate", (0.58, 2.1, 0.085, 0.26), labels=labels, yaw=-16)
    w, h = 0.50, 1.95
    return _shot(
        p,
        "pouch",
        (w, h, 0.20, 0),
        (0.9, 1, 0.0, 0.7),
        labels=_faces(p.words, 2 * w, h * 0.88, 0.3, "soft"),
        yaw=-16,
    )


def pouch(p: Product) -> Shot:
    w, h = 0.74, 1.75
    if any(word in p.title.lower() for word in ("tissue", "wipes", "towel", "sponge")):
        w, h = 0.86, 1.35
    return _shot(
        p,
        "pouch",
        (w, h, 0.40, 1),
        (0.6, 0, 0, 1.0),
        labels=_faces(p.words, 2 * w, h * 0.93, 0.6, "soft"),
        yaw=-16,
    )


def chips_bag(p: Product) -> Shot:
    w, h = 0.78, 2.0
    return _shot(
        p,
        "pouch",
        (w, h, 0.50, 0),
        (1.0, 1, 0, 1.15),
        labels=_faces(p.words, 2 * w, h * 0.88, 0.6, "soft"),
        yaw=-14,
    )


def bag(p: Product) -> Shot:
    """Coffee and dry goods in block-bottom bags, the rest in pillows."""
    t = p.title.lower()
    if any(word in t for word in ("bean", "coffee", "rice", "oats")):
        w, h, d = 0.60, 1.85, 0.34
        return _shot(
            p,
            "paperbag",
            (w, h, d, 0.9 if "coff" in t or "bean" in t else 0.35),
            labels=_faces(p.words, 2 * w, h * 0.9, 2 * d),
            yaw=-24,
        )
    w, h, d = (0.52, 2.05, 0.20) if "spaghetti" in t else (0.78, 1.75, 0.40)
    return _shot(
        p,
        "pouch",
        (w, h, d, 0),
        (0.7, 1, 0, 1.0),
        labels=_faces(p.words, 2 * w, h * 0.88, 0.6, "soft"),
        yaw=-16,
    )


def _round(words: Words, radius: float, tall: float, part: float) -> dict[str, Image.Image]:
    """A label that runs around `part` of a round pack, and its ground for the rest."""
    wide = 2 * 3.14159 * radius * part
    return {"front": _label(words, wide, tall, kind="round"), "side": _label(words, wide, tall, bare=True)}


def can(p: Product) -> Shot:
    r, h = (0.44, 1.62) if p.amount <= 250 else (0.44, 1.75) if p.amount <= 330 else (0.44, 2.05)
    if "peanut" in p.title.lower():
        return _shot(
            p, "tin", (0.56, 1.45, 1, 1), (0.36, 0, 0, 0), labels=_round(p.words, 0.56, 1.2, 0.36), pitch=14
        )
    return _shot(
        p, "can", (r, h, r * 0.80, 0), (0.42, 0, 0, 0), labels=_round(p.words, r, h - 0.17, 0.42), pitch=13
    )


def tin(p: Product) -> Shot:
    t = p.title.lower()
    if "peppermint" in t or "shortbread" in t or "hearts" in t:
        w, deep = (1.0, 0.74)
        label = _label(p.words, 2 * w, 2 * w * deep)
        side = _label(p.words, 2 * w, 0.5, bare=True)
        return _shot(p, "tin", (w, 0.62, 2, deep), labels={"front": label, "side": side}, yaw=-18, pitch=38)
    if "matcha" in t or "chocolate" in t:
        h = 1.1 if "matcha" in t else 1.6
        return _shot(
            p, "tin", (0.56, h, 1, 1), (0.36, 0, 0, 0), labels=_round(p.words, 0.56, h - 0.26, 0.36), pitch=14
        )
    r, h = (0.72, 0.72) if "tuna" in t else (0.60, 1.32)
    return _shot(p, "tin", (r, h, 0, 1), (0.36, 0, 0, 0), labels=_round(p.words, r, h - 0.1, 0.36), pitch=18)


def jar(p: Product) -> Shot:
    t = p.title.lower()
    filling = next(
        (kind for names, kind in (
            (("honey", "jam"), 1.0), (("pesto", "arrabbiata"), 2.0), (("instant",), 3.0), (("cream",), 4.0), (("candle",), 5.0),
        ) if any(n in t for n in names)), 0.0,
    )  # fmt: skip
    if filling == 4.0:
        r, h, lid, lid_h, y0, y1 = 0.72, 0.92, 0.70, 0.36, 0.08, 0.66
    elif filling == 5.0:
        r, h, lid, lid_h, y0, y1 = 0.66, 1.35, 0.64, 0.14, 0.22, 1.0
    else:
        r, h, lid, lid_h, y0, y1 = 0.60, 1.42, 0.50, 0.25, 0.17, 1.03
    part = 0.40
    return _shot(
        p,
        "jar",
        (r, h, lid, lid_h),
        (y0, y1, filling, part),
        labels=_round(p.words, r, y1 - y0, part),
        pitch=13,
    )


def bottle_glass(p: Product) -> Shot:
    t = p.title.lower()
    if "shot" in t:
        k = ((0.40, 0.95, 0.17, 1.55), (0.30, 1.05, 0.14, 0.86))
    elif "oil" in t or "balsamic" in t:
        k = ((0.40, 1.35, 0.13, 2.15), (0.32, 1.5, 0.22, 1.22))
    elif "passata" in t:
        k = ((0.44, 1.25, 0.23, 1.95), (0.40, 1.70, 0.20, 1.12))
    else:
        k = ((0.44, 1.20, 0.15, 2.12), (0.46, 1.66, 0.20, 1.08))
    crown = 1.0 if "beer" in t or "lemonade" in t else 0.0
    main, second, accent = p.words.palette
    liquid = (0.42, 0.24, 0.08) if "beer" in t else main
    clear = 0.35 if "passata" in t or "shot" in t else 0.9
    cap = accent if ink.luminance(accent) < 0.75 else second
    shot = _shot(
        p, "bottle", *k, (crown, 0, clear, 0.40), labels=_round(p.words, k[0][0], k[1][3] - k[1][2], 0.40)
    )
    return replace(shot, palette=(main, liquid, cap))


def bottle_pet(p: Product) -> Shot:
    t = p.title.lower()
    main, second, accent = p.words.palette
    if any(
        word in t
        for word in (
            "washing",
            "detergent",
            "softener",
            "shower",
            "mouthwash",
            "ketchup",
            "sanitiser",
            "smoothie",
        )
    ):
        return _soft_bottle(p)
    large = p.amount > 1000
    k = (
        ((0.46, 1.45, 0.16, 2.2), (0.42, 1.85, 0.50, 1.34))
        if large
        else ((0.43, 1.28, 0.16, 2.0), (0.42, 1.68, 0.36, 1.20))
    )
    water = "water" in t
    liquid = ink.lighter(main, 0.5) if water else main
    cap = accent if ink.luminance(accent) < 0.75 else second
    shot = _shot(
        p,
        "bottle",
        *k,
        (0, 1 if water or "iso" in t else 0.0, 0.85, 0.40),
        labels=_round(p.words, k[0][0], k[1][3] - k[1][2], 0.40),
    )
    return replace(shot, palette=(main, liquid, cap))


def _soft_bottle(p: Product) -> Shot:
    """Opaque bottles with a flip cap: detergents, ketchup, gels, smoothies."""
    t = p.title.lower()
    w, h, d = (0.52, 1.75, 0.34) if "detergent" in t or "softener" in t else (0.44, 1.62, 0.30)
    if "sanitiser" in t:
        w, h, d = 0.44, 1.2, 0.28
    if "smoothie" in t:
        w, h, d = 0.42, 1.45, 0.40
    y0, y1 = 0.14, h * 0.80
    labels = {"front": _label(p.words, 2 * w * 0.84, y1 - y0), "side": _label(p.words, 0.4, 0.6, bare=True)}
    return _shot(
        p,
        "softbottle",
        (w, h, d, 0.0),
        (y0, y1, 0, 0),
        labels=labels,
        yaw=-14,
    )


def wine_bottle(p: Product) -> Shot:
    main, second, accent = p.words.palette
    sparkling = "spark" in p.title.lower()
    k = (
        (0.36 if not sparkling else 0.40, 1.30 if not sparkling else 1.15, 0.125, 2.55),
        (0.36 if not sparkling else 0.62, 1.9, 0.34, 1.12),
    )
    glass_ = (0.16, 0.24, 0.10) if main[1] > main[0] else (0.10, 0.13, 0.06)
    shot = _shot(p, "bottle", *k, (2, 0, 0.6, 0.40), labels=_round(p.words, k[0][0], k[1][3] - k[1][2], 0.40))
    return replace(shot, palette=(main, glass_, second if sparkling else accent))


def tub(p: Product) -> Shot:
    t = p.title.lower()
    if "ice cream" in t or "sorbet" in t or "soup" in t:
        k0: Four = (0.58, 0.70, 1.15, 0.16)
    elif "cream" in t:
        k0 = (0.66, 0.76, 0.62, 0.14)
    else:
        k0 = (0.60, 0.74, 1.02, 0.15)
    part = 0.36
    return _shot(p, "tub", k0, (0, 0, part, 0), labels=_round(p.words, k0[1], k0[2] - 0.15, part), pitch=17)


def cup(p: Product) -> Shot:
    part = 0.38
    if "iced" in p.title.lower():
        return _shot(
            p,
            "tub",
            (0.40, 0.54, 1.65, 0.14),
            (0, 0, part, 0),
            labels=_round(p.words, 0.52, 1.5, part),
            pitch=13,
        )
    k0: Four = (0.50, 0.66, 1.12, 0.1)
    return _shot(p, "tub", k0, (1, 0, part, 0), labels=_round(p.words, 0.62, 0.97, part), pitch=16)


def coffee_cup(p: Product) -> Shot:
    k0: Four = (0.42, 0.60, 1.55, 0.2)
    labels = _round(p.words, 0.56, 0.72, 0.40)
    return _shot(p, "tub", k0, (2, 1, 0.40, 0), labels=labels, pitch=14)


def tube(p: Product) -> Shot:
    if "lip" in p.title.lower():
        return _shot(p, "tube", (0.30, 1.75, 1.2, 1), labels=_round(p.words, 0.30, 1.2, 0.42))
    w, h, c = 0.46, 2.0, 0.34
    return _shot(
        p, "tube", (w, h, c, 0), labels=_faces(p.words, 2 * w * 1.1, h - c - 0.12, 0.3, "soft"), yaw=-14
    )


def spray(p: Product) -> Shot:
    if any(word in p.title.lower() for word in ("deodorant", "foam")):
        return _shot(p, "dispenser", (0.36, 1.5, 0.36, 2), labels=_round(p.words, 0.36, 1.5, 0.46), pitch=12)
    w, h = 0.52, 1.32
    labels = {"front": _label(p.words, 2 * w * 0.84, 0.98)}
    return _shot(p, "dispenser", (w, h, 0.30, 0), (0.12, 1.10, 0, 0), labels=labels, yaw=-12)


def pump_bottle(p: Product) -> Shot:
    return _shot(
        p, "dispenser", (0.46, 1.3, 0.46, 1), (0.16, 1.14, 0, 0), labels=_round(p.words, 0.46, 0.98, 0.44)
    )


PACKS: dict[str, Callable[[Product], Shot]] = {
    draw.__name__.replace("_", "-"): draw
    for draw in (
        box, carton, milk_carton, pizza_box, bar, pouch, chips_bag, bag, can, tin, jar, bottle_glass, bottle_pet,
        wine_bottle, tub, cup, coffee_cup, tube, spray, pump_bottle,
    )
}  # fmt: skip
