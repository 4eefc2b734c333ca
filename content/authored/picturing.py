"""Pictures of a content folder, brought to wall size and named by their content: `pictures/<hash>.webp`."""

from __future__ import annotations

import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from PIL import Image

from content.feed import cells
from content.feed.problems import Wrong
from content.pictures import SUFFIX, PictureError, read_picture, wall_picture
from content.store_format import PICTURES

MADE: Final = ".made"  # folder inside the content folder for pictures that had to be made smaller
_WORKERS: Final = 2  # Pillow lets go of the interpreter while it decodes and encodes


class Pictures:
    """Finds pictures by the names feeds and store.toml give them. `files` is what has been found, by its new name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, Path] = {}

    def bring(self, names: set[str], longest: int) -> dict[str, str | PictureError]:
        """The new name of each picture, or what was expected of it."""
        wanted = sorted(names)
        with warnings.catch_warnings(), ThreadPoolExecutor(_WORKERS, thread_name_prefix="picture") as pool:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            made = list(pool.map(lambda name: self._one(name, longest), wanted))
        found: dict[str, str | PictureError] = {}
        for name, each in zip(wanted, made, strict=True):
            if isinstance(each, PictureError):
                found[name] = each
            else:
                found[name] = each[0]
                self.files[each[0]] = each[1]
        return found

    def _one(self, name: str, longest: int) -> tuple[str, Path] | PictureError:
        try:
            path = self._folder / PICTURES / cells.picture(name)
            data = read_picture(path)
            small = wall_picture(data, longest)
        except Wrong as wrong:
            return PictureError(str(wrong))
        except PictureError as error:
            return error
        new = f"{hashlib.sha256(small).hexdigest()[:20]}{SUFFIX}"
        if small is not data:
            path = self._folder / MADE / new
            if not path.is_file() or path.stat().st_size != len(small):
                try:
                    path.parent.mkdir(exist_ok=True)
                    part = path.with_name(f".{new}.{hashlib.sha256(name.encode()).hexdigest()[:8]}.part")
                    part.write_bytes(small)
                    part.replace(path)
                except OSError as error:
                    return PictureError(f"room for its small copy in {MADE} ({error.strerror or error})")
        return f"{PICTURES}/{new}", path
