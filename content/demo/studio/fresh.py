"""Fresh food, bread, flowers and other things that are their own pack."""

from collections.abc import Callable
from dataclasses import replace

from content.demo.studio.order import Product
from content.demo.studio.packs import _label, _shot
from content.demo.studio.stage import Four, Shot


def _heap(
    p: Product,
    shape: str,
    arrangement: int,
    spread: float = 1.0,
    tilt: float = 0.25,
    pitch: float = 16.0,
    k1: Four = (0, 0, 0, 0),
    face: float = 0.0,
) -> Shot:
    return _shot(p, shape, (arrangement, spread, tilt, face), k1, pitch=pitch)


def _pick(p: Product, table: dict[str, float], other: float = 0.0) -> float:
    """The first kind whose word is in the title or is the motif."""
    words = f"{p.title} {p.words.motif}".lower()
    return next((kind for word, kind in table.items() if word in words), other)


def _croissant(p: Product) -> Shot:
    shot = _shot(p, "croissant", (_pick(p, {"almond": 1, "chocolate": 2}), 0, 0, 0), pitch=30)
    return shot


def _loaf(p: Product) -> Shot:
    k0: Four = (0, 3, 0, 0)
    t = p.title.lower()
    if "sandwich" in t or "brioche" in t:
        k0 = (1, 0, 0, 1)
    elif "seed" in t:
        k0 = (1, 2, 0, 0)
    elif "spelt" in t:
        k0 = (0, 2, 0, 0)
    shot = _shot(p, "loaf", k0, pitch=20)
    main, second, accent = shot.palette
    crust = (
        accent if accent[0] > accent[1] else (main[0] * 0.66, main[1] * 0.6, main[2] * 0.5)
    )  # never a green crust
    return replace(shot, palette=(main, second, crust))


def _cake(p: Product) -> Shot:
    t = p.title.lower()
    if "cheesecake" in t:
        return _shot(p, "wedge", (3, 0.72, 0, 0), pitch=24)
    lemon = "lemon" in t
    shot = _shot(p, "loaf", (2, float(lemon), float("marble" in t), 1), pitch=20)
    second = shot.palette[1]
    return shot if lemon else replace(shot, palette=((0.80, 0.52, 0.24), second, (0.60, 0.34, 0.14)))


def _wedge(p: Product) -> Shot:
    h = 0.62 if "brie" in p.title.lower() else 0.86
    kind = _pick(p, {"gouda": 0, "mountain": 1, "brie": 2})
    return _shot(p, "wedge", (kind, h, 0, 0), labels={"front": _label(p.words, 1.0, h - 0.2)}, pitch=20)


def _sleeve(p: Product, shape: str, kind: float, wide: float, tall: float, pitch: float) -> Shot:
    labels = {"front": _label(p.words, wide, tall), "side": _label(p.words, wide, 0.4, bare=True)}
    return _shot(p, shape, (kind, 0, 0, 0), labels=labels, pitch=pitch, yaw=-10)


def _tray(p: Product) -> Shot:
    if "muffin" in p.title.lower():
        return _heap(p, "roll-bread", 4, 1.0, 0.0, 20, (3, 0, 0, 0))
    kind = _pick(p, {"lasagne": 1, "pad thai": 2, "risotto": 3})
    return _sleeve(p, "tray", kind, 1.56, 2.0, 40)


def _rolls(p: Product) -> Shot:
    kind = _pick(p, {"toilet": 0, "kitchen": 1, "bin": 2, "foil": 3, "wrapping": 3})
    if kind > 1:
        r, h = (0.24, 1.75) if kind > 2 else (0.44, 1.1)
        part = 0.46 if kind > 2 else 0.42
        return _shot(
            p,
            "rolls",
            (kind, 0, 0, 0),
            labels={"front": _label(p.words, 6.2832 * r * part, h, kind="round")},
            pitch=14,
        )
    w, h = (1.87, 1.12) if kind > 0 else (1.48, 0.88)
    return _shot(
        p,
        "rolls",
        (kind, 0, 0, 0),
        labels={"front": _label(p.words, w, h), "side": _label(p.words, w, h, bare=True)},
        pitch=17,
        yaw=-20,
    )


PACKS: dict[str, Callable[[Product], Shot]] = {
    "fruit-apple": lambda p: _heap(p, "fruit-apple", 4, 0.98),
    "veg-tomato": lambda p: _heap(p, "veg-tomato", 4 if "vine" in p.title.lower() else 6, 0.98, pitch=20),
    "fruit-orange": lambda p: _heap(p, "fruit-citrus", 3, 1.0, 0.2, 17),
    "fruit-lemon": lambda p: _heap(p, "fruit-citrus", 3, 0.98, 0.2, 17, (1, 0, 0, 0)),
    "fruit-kiwi": lambda p: _heap(p, "fruit-kiwi", 3, 0.98, 0.2, 17),
    "fruit-avocado": lambda p: _heap(p, "fruit-avocado", 2, 1.0, 0.0, 15),
    "fruit-mango": lambda p: _heap(p, "fruit-mango", 1, 1.0, 0.0, 15),
    "fruit-strawberry": lambda p: _heap(p, "fruit-strawberry", 6, 0.86, 0.3, 18, face=1),
    "fruit-blueberry": lambda p: _shot(p, "berries", (0, 0, 0, 0), pitch=24),
    "fruit-grape": lambda p: _shot(p, "berries", (1, 0, 0, 0), pitch=9),
    "fruit-banana": lambda p: _shot(p, "fruit-banana", pitch=14, yaw=-12),
    "fruit-pineapple": lambda p: _shot(p, "fruit-pineapple", pitch=8),
    "fruit-watermelon": lambda p: _shot(p, "fruit-watermelon", pitch=14),
    "veg-cucumber": lambda p: _shot(p, "veg-cucumber", pitch=26),
    "veg-pepper": lambda p: _heap(p, "veg-pepper", 2, 1.0, 0.25, 17),
    "veg-carrot": lambda p: _shot(p, "veg-carrot", pitch=36, yaw=-18),
    "veg-broccoli": lambda p: _shot(p, "veg-broccoli", pitch=12),
    "veg-mushroom": lambda p: _heap(p, "veg-mushroom", 7, 0.90, 0.35, 24),
    "veg-potato": lambda p: _heap(p, "veg-potato", 5, 1.0, 0.4, 17),
    "veg-onion": lambda p: _heap(p, "veg-potato", 4, 0.96, 0.3, 15, (1, 0, 0, 0)),
    "net": lambda p: _shot(p, "net", labels={"front": _label(p.words, 1.24, 0.54)}, pitch=12),
    "croissant": _croissant,
    "baguette": lambda p: _shot(p, "baguette", (float("seed" in p.title.lower()), 0, 0, 0), pitch=26),
    "loaf": _loaf,
    "roll-bread": lambda p: _heap(
        p, "roll-bread", 4, 1.02, 0.15, 20, (_pick(p, {"poppy": 1, "pretzel": 2}), 0, 0, 0)
    ),
    "cake": _cake,
    "cheese-wedge": _wedge,
    "egg-box": lambda p: _shot(
        p,
        "egg-box",
        (3.0 if p.amount <= 6 else 5.0, 0, 0, 0),
        labels={"front": _label(p.words, 2 * (0.77 if p.amount <= 6 else 1.27), 0.68)},
        pitch=24,
        yaw=-14,
    ),
    "sandwich": lambda p: _shot(
        p,
        "sandwich",
        labels={"front": _label(p.words, 1.2, 1.6), "side": _label(p.words, 0.94, 1.6, bare=True)},
        pitch=16,
        yaw=-16,
    ),
    "sushi": lambda p: _sleeve(p, "sushi", _pick(p, {"nigiri": 0, "maki": 1, "mixed": 2}), 0.80, 1.76, 42),
    "tray": _tray,
    "salad-bowl": lambda p: _shot(
        p,
        "salad-bowl",
        (_pick(p, {"caesar": 0, "greek": 1, "quinoa": 2}), 0, 0, 0),
        labels={"front": _label(p.words, 1.45, 0.56, kind="round")},
        pitch=26,
    ),
    "steak": lambda p: _shot(p, "fillet", (0, 0, 0, 0), pitch=36),
    "fish": lambda p: _shot(p, "fillet", (1, 0, 0, 0), pitch=36),
    "roll": _rolls,
    "battery-pack": lambda p: _shot(
        p,
        "battery",
        (_pick(p, {"aaa": 1, "cr2032": 2}), 0, 0, 0),
        labels={"front": _label(p.words, 1.4, 1.96)},
        yaw=-18,
    ),
    "umbrella": lambda p: _shot(p, "umbrella", pitch=8),
    "bouquet": lambda p: _shot(
        p, "bouquet", (_pick(p, {"tulip": 0, "rose": 1, "sunflower": 2, "meadow": 3}), 0, 0, 0), pitch=16
    ),
    "potted-plant": lambda p: _shot(
        p, "plant", (_pick(p, {"orchid": 0, "lavender": 1, "basil": 2, "succulent": 3}), 0, 0, 0), pitch=13
    ),
}
