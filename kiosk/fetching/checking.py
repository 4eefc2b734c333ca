"""What came is looked at once more before it is taken in: that it unpacks to what it says, and that no picture is too large to draw.

Its bytes are those that were signed; this is against whoever signs with a stolen key, and against mistakes.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from content.release.manifest import PICTURES, BadRelease, Entry
from content.release.packing import unpack
from kiosk.fetching.errors import FetchError
from kiosk.fetching.files import told

FORMATS: Final = ("WEBP", "PNG", "JPEG")
MOST_SIDE: Final = 8192  # pixels: what a GPU takes as one texture
MOST_PIXELS: Final = 16_000_000  # 64 MB once decoded
_BROKEN: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError, OverflowError,
    struct.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


def check_file(entry: Entry, path: Path) -> None:
    """Look at a file of a release that has just come. Raises FetchError bad-release. Plain parts need no look."""
    is_picture = entry.name.startswith(f"{PICTURES}/")
    if not is_picture and not entry.blob.coding:
        return
    with told():
        stored = path.read_bytes()
    try:
        data = unpack(entry.blob, stored)
    except BadRelease as error:
        raise FetchError("bad-release", f"{entry.name}: {error}") from None
    if is_picture:
        _check_picture(entry.name, data)


def _check_picture(name: str, data: bytes) -> None:
    """Only its header is read: nothing of it is decoded here."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
    except _BROKEN as error:
        raise FetchError(
            "bad-release", f"{name}: no picture that can be shown ({type(error).__name__})"
        ) from None
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise FetchError("bad-release", f"{name}: a picture of {width} x {height} pixels")
