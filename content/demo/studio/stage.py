"""Photographs one solid: GLSL source, measures and label pictures in, an RGB picture out.

The shading runs in Mesa's software rasteriser (llvmpipe) without a display or a graphics card: about 0.5 s of
CPU for a picture, where the same arithmetic took 12-20 s in Skia's interpreted shaders (measured).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

GLSL = Path(__file__).parent / "glsl"
Colour = tuple[float, float, float]  # display values 0..1
Four = tuple[float, float, float, float]

_CORNERS = """#version 330
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything one picture depends on. Angles in degrees, colours as displayed."""

    shape: str
    palette: tuple[Colour, Colour, Colour]
    backdrop: tuple[Colour, Colour]
    k: tuple[Four, Four, Four] = ((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))
    yaw: float = 0.0
    pitch: float = 11.0
    seed: int = 0
    fill: tuple[float, float] = (0.90, 0.85)  # the largest share of width and height it may take
    at: tuple[float, float] = (0.5, 0.5)  # where its middle lands, from the left and from the top
    labels: dict[str, Image.Image] = field(default_factory=dict)


def hex_colour(text: str) -> Colour:
    """`#rrggbb` (or `rrggbb`) as three display values 0..1."""
    text = text.strip().lstrip("#")
    if len(text) != 6:
        raise ValueError(f"expected a colour such as #1a73e8, got {text!r}")
    return (int(text[0:2], 16) / 255, int(text[2:4], 16) / 255, int(text[4:6], 16) / 255)


def linear(colour: Colour) -> Colour:
    """Display values to linear light, as the shaders reckon."""
    r, g, b = (max(c, 0.0) ** 2.2 for c in colour)
    return (r, g, b)


@cache
def _context() -> moderngl.Context:
    # The software rasteriser everywhere, so that the same feed gives the same bytes.
    os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
    os.environ["GALLIUM_DRIVER"] = "llvmpipe"
    return moderngl.create_context(standalone=True, backend="egl")


@cache
def _program(shape: str) -> moderngl.Program:
    parts = (GLSL / "prelude.glsl", GLSL / "shapes" / f"{shape}.glsl", GLSL / "light.glsl")
    source = "#version 330\n" + "".join(_source(part) for part in parts)
    return _context().program(vertex_shader=_CORNERS, fragment_shader=source)


def _source(path: Path) -> str:
    """One file, with its `#include NAME` lines replaced by that file of the folder glsl."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "".join(_source(GLSL / n.split()[1]) if n.startswith("#include ") else f"{n}\n" for n in lines)


def _texture(image: Image.Image | None) -> moderngl.Texture:
    rgb = (image or Image.new("RGB", (4, 4), "white")).convert("RGB")
    texture = _context().texture(rgb.size, 3, rgb.tobytes(), alignment=1)
    texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    return texture


def _uniforms(shot: Shot) -> dict[str, object]:
    main, second, accent = shot.palette
    return {
        "turn": (float(np.radians(shot.yaw)), float(np.radians(shot.pitch))),
        "colA": linear(main),
        "colB": linear(second),
        "colC": linear(accent),
        "bgHi": shot.backdrop[0],
        "bgLo": shot.backdrop[1],
        "k0": shot.k[0],
        "k1": shot.k[1],
        "k2": shot.k[2],
        "seed": float(shot.seed % 1000),
        "front": 0,
        "side": 1,
    }


def _run(
    shot: Shot, size: tuple[int, int], window: tuple[float, float, float], mode: float
) -> NDArray[np.uint8]:
    program = _program(shot.shape)
    values = _uniforms(shot) | {
        "res": (float(size[0]), float(size[1])),
        "window": window,
        "middle": (shot.at[0] * 2 - 1, (1 - shot.at[1] * 2) * size[1] / size[0]),
        "mode": float(mode),
    }
    for name, value in values.items():
        if name in program:  # the compiler drops what a shape does not use
            program[name] = value
    textures = [_texture(shot.labels.get(name)) for name in ("front", "side")]
    for place, texture in enumerate(textures):
        texture.use(place)
    target = _context().simple_framebuffer(size)
    target.use()
    vertices = _context().vertex_array(program, [])
    vertices.render(moderngl.TRIANGLES, vertices=3)
    raw = np.frombuffer(target.read(components=3, alignment=1), np.uint8).reshape(size[1], size[0], 3)
    for texture in textures:
        texture.release()
    vertices.release()
    target.release()
    return raw[::-1]


def _frame(shot: Shot, aspect: float) -> tuple[float, float, float]:
    """Where to point the camera: a small silhouette is drawn first, and the window is set around it.

    Returns the image-plane point that lands on `shot.at`, and half the picture's width in that plane.
    """
    n, half = 200, 2.8
    seen = _run(replace(shot, at=(0.5, 0.5)), (n, n), (0.0, 0.3, half), 1)[:, :, 0] > 127
    rows, cols = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if rows.size == 0:
        raise ValueError(f"shape {shot.shape!r} is not in front of the camera")
    step = 2 * half / n
    x0, x1 = -half + cols[0] * step, -half + (cols[-1] + 1) * step
    y0, y1 = 0.3 + half - (rows[-1] + 1) * step, 0.3 + half - rows[0] * step
    reach = max((x1 - x0) / shot.fill[0], (y1 - y0) * aspect / shot.fill[1]) / 2
    return (x0 + x1) / 2, (y0 + y1) / 2, reach


def photograph(shot: Shot, size: tuple[int, int] = (400, 400), over: int = 2) -> Image.Image:
    """The finished picture of `size` pixels, drawn `over` times as large and reduced."""
    big = (size[0] * over, size[1] * over)
    pixels = _run(shot, big, _frame(shot, size[0] / size[1]), 0)
    return Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.LANCZOS)


def still_life(shots: Sequence[Shot], size: tuple[int, int], over: int = 2) -> Image.Image:
    """Several shots on one backdrop, the farthest first; each one's `at` and `fill` say where it stands.

    Their shadows multiply on the backdrop; a shadow does not climb what stands in front of it.
    """
    big = (size[0] * over, size[1] * over)
    empty = _run(shots[0], big, (0.0, 0.0, 1.0), 0.5).astype(np.float32)
    scene = empty.copy()
    for shot in shots:
        window = _frame(shot, size[0] / size[1])
        seen = _run(shot, big, window, 1)[:, :, :1] > 127
        shown = _run(shot, big, window, 0).astype(np.float32)
        scene = np.where(seen, shown, scene * np.minimum(shown / np.maximum(empty, 1), 1.0))
    picture = Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))
    return picture.resize(size, Image.Resampling.LANCZOS)
