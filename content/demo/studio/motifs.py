"""The emblems printed on packs, by the names the feed uses. Each is drawn within the unit circle, y down."""

from collections.abc import Callable
from types import ModuleType

import skia

from content.demo.studio import motifs_larder, motifs_plants, motifs_signs
from content.demo.studio.ink import Point
from content.demo.studio.pen import Pen
from content.demo.studio.stage import Colour

Draw = Callable[[Pen], None]


def _emblems(module: ModuleType) -> dict[str, Draw]:
    """A module's emblems: its own functions, by name."""
    own = {n: f for n, f in vars(module).items() if getattr(f, "__module__", "") == module.__name__}
    return {name.replace("_", "-"): draw for name, draw in own.items() if not name.startswith("_")}


MOTIFS: dict[str, Draw] = _emblems(motifs_larder) | _emblems(motifs_plants) | _emblems(motifs_signs)


def draw_motif(
    canvas: skia.Canvas, name: str, at: Point, radius: float, palette: tuple[Colour, Colour, Colour]
) -> None:
    """The emblem `name` in a circle of `radius` texels about `at`; `plain` and unknown names leave the place empty."""
    draw = MOTIFS.get(name)
    if draw is None:
        return
    canvas.save()
    canvas.translate(*at)
    canvas.scale(radius, radius)
    draw(Pen(canvas, *palette))
    canvas.restore()
