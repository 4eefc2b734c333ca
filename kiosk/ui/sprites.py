"""The few graphics instructions a screen is made of: textured rectangles, opaque ones copied.

Kivy counts rows from the bottom, we from the top; the difference ends here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from kiosk.ui.bake import Tile
from kiosk.ui.geometry import Rect


class Sprite(NamedTuple):
    """A texture at a place."""

    key: str
    rect: Rect
    tile: Tile


_COPY = """$HEADER$
void main(void) { gl_FragColor = texture2D(texture0, tex_coord0); }
"""


def copying(canvas: Any) -> Any:
    """A group at this place of a canvas whose rectangles are copied as they are: neither blended nor tinted.

    A card that hides what is behind it costs a copy then, not a mix; a software renderer takes half the time of Kivy's own
    shader, which multiplies every pixel with a colour.
    """
    from kivy.graphics import RenderContext

    group = RenderContext(use_parent_projection=True, use_parent_modelview=True, fs=_COPY)
    canvas.add(_blending(False))
    canvas.add(group)
    canvas.add(_blending(True))
    return group


def _blending(on: bool) -> Any:
    from kivy.graphics import Callback
    from kivy.graphics.opengl import GL_BLEND, glDisable, glEnable

    return Callback(lambda _instruction: (glEnable if on else glDisable)(GL_BLEND) and None)


class Layer:
    """Sprites in order. Changing looks only swaps textures; changing places rebuilds the list."""

    def __init__(self, canvas: Any, height: int) -> None:
        from kivy.graphics import InstructionGroup

        self._group = InstructionGroup()
        self._height = height
        self._shown: list[Sprite] = []
        self._rectangles: list[Any] = []
        canvas.add(self._group)

    @property
    def shown(self) -> Sequence[Sprite]:
        """What is drawn now."""
        return tuple(self._shown)

    def show(self, sprites: Sequence[Sprite]) -> None:
        """Draw these, in this order, and nothing else."""
        same = len(sprites) == len(self._shown) and all(
            a.rect == b.rect and a.tile.opaque == b.tile.opaque
            for a, b in zip(sprites, self._shown, strict=True)
        )
        if same:
            for rectangle, new, old in zip(self._rectangles, sprites, self._shown, strict=True):
                if new.tile is not old.tile:
                    rectangle.texture = new.tile.texture
        else:
            self._rebuild(sprites)
        self._shown = list(sprites)

    def _rebuild(self, sprites: Sequence[Sprite]) -> None:
        from kivy.graphics import Color, Rectangle

        self._group.clear()
        self._rectangles = []
        if not sprites:
            return
        self._group.add(Color(1, 1, 1, 1))
        for opaque, run in groupby(sprites, key=lambda sprite: sprite.tile.opaque):
            group = copying(self._group) if opaque else self._group
            for sprite in run:
                r = sprite.rect
                rectangle = Rectangle(
                    texture=sprite.tile.texture, pos=(r.x, self._height - r.bottom), size=(r.w, r.h)
                )
                self._rectangles.append(rectangle)
                group.add(rectangle)


class Highlight:
    """The mark on what a finger rests on: one rounded rectangle over it, there at once and without any painting."""

    def __init__(self, canvas: Any, height: int) -> None:
        from kivy.graphics import Color, RoundedRectangle

        self._height = height
        self._colour = Color(0, 0, 0, 0)
        self._shape = RoundedRectangle(pos=(0, 0), size=(0, 0), radius=[(12, 12)])
        canvas.add(self._colour)
        canvas.add(self._shape)
        canvas.add(Color(1, 1, 1, 1))

    @property
    def on(self) -> bool:
        """Whether it is shown."""
        return bool(self._colour.a)

    def show(self, rect: Rect, radius: int) -> None:
        """Mark a rectangle."""
        self._shape.radius = [(radius, radius)]
        self._shape.pos = (rect.x, self._height - rect.bottom)
        self._shape.size = (rect.w, rect.h)
        self._colour.rgba = (0.02, 0.06, 0.04, 0.22)

    def hide(self) -> None:
        """Unmark."""
        if self._colour.a:
            self._colour.a = 0
            self._shape.size = (0, 0)
