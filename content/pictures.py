"""Pictures from outside, brought to wall size: decoded with limits, turned upright, freed of everything but pixels.

What a picture may cost is limited before it is decoded: bytes, pixels, format. What comes out is WebP, at most
`longest` pixels on its long side; a WebP that is so already and carries nothing else keeps its bytes.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_PIXELS: Final = 50_000_000  # a good camera's; 150 MB while it is being made small
LONGEST: Final = 400  # a facing on a 32-inch 4K wall is less wide
LONGEST_ADVERT: Final = 1920
SUFFIX: Final = ".webp"

_QUALITY: Final = 82
_PLAIN_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})  # pixels, and nothing beside them
# What Pillow's decoders raise for hostile or damaged files; its warning is an error where the caller made it one.
_BROKEN: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError, OverflowError,
    struct.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


class PictureError(Exception):
    """A picture cannot be used; the message is what was expected of it."""


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file. Raises PictureError where there is no such file or it is too large."""
    try:
        if not path.is_file():
            raise PictureError("a file in the picture folder")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PictureError(f"a file that can be read ({error.strerror or error})") from error
    if len(data) > MOST_BYTES:
        raise PictureError(f"at most {MOST_BYTES // 1024 // 1024} MB")
    return data


def wall_picture(data: bytes, longest: int = LONGEST) -> bytes:
    """The picture as WebP of at most `longest` pixels on its long side. Raises PictureError."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise PictureError(
                    f"at most {MOST_PIXELS // 1_000_000} million pixels; these are {width} x {height}"
                )
            keep = picture.format == "WEBP" and max(width, height) <= longest and _is_plain_webp(data)
            if picture.format == "JPEG":
                picture.draft("RGB", (2 * longest, 2 * longest))  # decodes only as many pixels as are needed
            picture.load()  # all of it, so that a truncated file shows
            return data if keep else _small(picture, longest)
    except PictureError:
        raise
    except _BROKEN as error:
        raise PictureError(f"a whole JPEG, PNG, WebP or GIF picture ({_reason(error)})") from error


def _small(picture: Image.Image, longest: int) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    pixels = upright.convert("RGBA" if has_alpha else "RGB")
    if max(pixels.size) > longest:
        scale = longest / max(pixels.size)
        width, height = (max(1, round(side * scale)) for side in pixels.size)
        pixels = pixels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = BytesIO()
    pixels.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


def _is_plain_webp(data: bytes) -> bool:
    """Whether a WebP file holds one still picture without metadata, and nothing behind it (RFC 9649)."""
    if len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 != len(data):
        return False
    place = 12
    while place + 8 <= len(data):
        if data[place : place + 4] not in _PLAIN_CHUNKS:
            return False
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + size + (size & 1)
    return place == len(data)


def _reason(error: BaseException) -> str:
    text = str(error).partition("<_io")[0].strip(" '")
    return text[:80] or type(error).__name__
