"""The wall's fonts: files from pinned packages, found without importing them, and what each of them can write.

Latin comes from Kivy's own Roboto, simplified Chinese from Noto Sans SC and Arabic from Noto Sans Arabic (both SIL
OFL 1.1, variable weight, in justmytype-intl-cjk and -rtl), the rest from Kivy's DejaVu Sans. Where a package is missing
its script cannot be drawn; digits, currency signs and Latin always can.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct
from PIL import ImageFont

_OFL = "fonts/ofl"


class Face(Struct, frozen=True):
    """One font file; `bold` is a second file or None where the weight is an axis of the first."""

    name: str
    regular: Path
    bold: Path | None


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


@cache
def faces() -> tuple[Face, ...]:
    """The fonts that are installed, in the order they are asked for a character."""
    found: list[Face] = []
    kivy = _package("kivy")
    if kivy is None:
        raise FileNotFoundError("no fonts: the package kivy is not installed")
    fonts = kivy / "data" / "fonts"
    found.append(Face("latin", fonts / "Roboto-Regular.ttf", fonts / "Roboto-Bold.ttf"))
    for name, package, path in (
        ("han", "justmytype_intl_cjk", f"{_OFL}/notosanssc/NotoSansSC[wght].ttf"),
        ("arabic", "justmytype_intl_rtl", f"{_OFL}/notosansarabic/NotoSansArabic[wdth,wght].ttf"),
    ):
        folder = _package(package)
        if folder is not None and (folder / path).is_file():
            found.append(Face(name, folder / path, None))
    found.append(Face("signs", fonts / "DejaVuSans.ttf", None))
    return tuple(found)


def missing() -> tuple[str, ...]:
    """Scripts no installed font can write: "han", "arabic"; empty where all packages are there."""
    have = {face.name for face in faces()}
    return tuple(name for name in ("han", "arabic") if name not in have)


@lru_cache(maxsize=128)
def font(face: Face, size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels."""
    made = ImageFont.truetype(face.bold if bold and face.bold else face.regular, size)
    try:
        axes = made.get_variation_axes()
    except OSError:  # not a variable font
        return made
    made.set_variation_by_axes(
        [(700 if bold else 400) if _is_weight(a) else float(a["default"] or 0) for a in axes]
    )
    return made


def _is_weight(axis: ImageFont.Axis) -> bool:
    return bytes(axis["name"] or b"").lower() == b"weight"


@lru_cache(maxsize=16)
def _ranges(path: Path) -> tuple[list[int], list[int]]:
    """First and last characters of the ranges a font's character map covers (OpenType `cmap`, formats 4 and 12)."""
    with path.open("rb") as file:
        head = file.read(12)
        tables = struct.unpack(">H", head[4:6])[0]
        for _ in range(tables):
            tag, _sum, offset, length = struct.unpack(">4sIII", file.read(16))
            if tag == b"cmap":
                file.seek(offset)
                return _cmap(file.read(length))
    raise ValueError(f"{path} is not a font: it has no character map")


def _cmap(data: bytes) -> tuple[list[int], list[int]]:
    best: list[tuple[int, int]] = []
    for i in range(struct.unpack(">H", data[2:4])[0]):
        _platform, _encoding, at = struct.unpack(">HHI", data[4 + 8 * i : 12 + 8 * i])
        kind = struct.unpack(">H", data[at : at + 2])[0]
        if kind == 12:
            count = struct.unpack(">I", data[at + 12 : at + 16])[0]
            groups = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count])
            best = [(first, last) for first, last, _glyph in groups]
            break
        if kind == 4:
            segments = struct.unpack(">H", data[at + 6 : at + 8])[0] // 2
            ends = struct.unpack(f">{segments}H", data[at + 14 : at + 14 + 2 * segments])
            starts = struct.unpack(f">{segments}H", data[at + 16 + 2 * segments : at + 16 + 4 * segments])
            best = [(a, b) for a, b in zip(starts, ends, strict=True) if a != 0xFFFF]
    best.sort()
    return [a for a, _ in best], [b for _, b in best]


def covers(face: Face, char: str) -> bool:
    """Whether the font has a glyph for the character."""
    starts, ends = _ranges(face.regular)
    at = bisect_right(starts, ord(char)) - 1
    return at >= 0 and ord(char) <= ends[at]


@lru_cache(maxsize=8192)
def face_for(char: str, language: str, before: Face | None) -> Face | None:
    """The font to write a character in; signs and spaces stay with the font of what stands before, so that runs stay whole.

    None where no font has it: it is left out, as a box in its place would say nothing more.
    """
    if before is not None and not char.isalnum() and covers(before, char):
        return before
    order = faces()
    if language.split("-")[0] == "zh" and char in "“”‘’…—·":  # full-width in Chinese
        order = tuple(sorted(order, key=lambda face: face.name != "han"))
    return next((face for face in order if covers(face, char)), None)
