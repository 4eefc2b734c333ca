"""Pictures of a content folder, brought to wall size and named by their content: `pictures/<hash>.webp`."""

from __future__ import annotations

import hashlib
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image

from content.feed import cells
from content.feed.problems import Wrong
from content.pictures import SUFFIX, PictureError, read_picture, wall_picture
from content.store_format import PICTURES

MADE: Final = ".made"  # folder inside the content folder for pictures that had to be made smaller
_KNOWN: Final = "known.json"  # looking at 20,000 pictures takes a minute, hashing them a second
_NAME: Final = 20  # digits of the hash in a name, as content.store_writer has it
_HASH: Final = re.compile(r"[0-9a-f]{20}", re.ASCII)
_WORKERS: Final = 2  # Pillow lets go of the interpreter while it decodes and encodes


class Pictures:
    """Finds pictures by the names feeds and store.toml give them. `files` is what has been found, by its new name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, Path] = {}
        self._known = _known_in(folder / MADE / _KNOWN)
        self._before = dict(self._known)

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
            digest = hashlib.sha256(data).hexdigest()
            known = self._known.get(f"{longest} {digest}")
            if known == digest[:_NAME]:  # it was looked at before, and is as a wall needs it
                return f"{PICTURES}/{known}{SUFFIX}", path
            if known is not None and (made := self._folder / MADE / f"{known}{SUFFIX}").is_file():
                return f"{PICTURES}/{known}{SUFFIX}", made
            small = wall_picture(data, longest)
        except Wrong as wrong:
            return PictureError(str(wrong))
        except PictureError as error:
            return error
        new = hashlib.sha256(small).hexdigest()[:_NAME]
        if new != digest[:_NAME]:
            path = self._folder / MADE / f"{new}{SUFFIX}"
            try:
                path.parent.mkdir(exist_ok=True)
                _write(
                    path, small, hashlib.sha256(name.encode()).hexdigest()[:8]
                )  # two names may hold the same
            except OSError as error:
                return PictureError(f"room for its small copy in {MADE} ({error.strerror or error})")
        self._known[f"{longest} {digest}"] = new
        return f"{PICTURES}/{new}{SUFFIX}", path

    def remember(self) -> None:
        """Keep what was found out for the next time; where nothing can be written, it is found out again."""
        if self._known == self._before:
            return
        with suppress(OSError):
            (self._folder / MADE).mkdir(exist_ok=True)
            _write(self._folder / MADE / _KNOWN, msgspec.json.encode(self._known), "new")


def _write(path: Path, data: bytes, mark: str) -> None:
    part = path.with_name(f".{path.name}.{mark}.part")
    part.write_bytes(data)
    part.replace(path)


def _known_in(path: Path) -> dict[str, str]:
    """What was found out about pictures before, by their whole hash: what they are called made small. Empty at worst."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError, ValueError):
        return {}
    return {what: name for what, name in found.items() if _HASH.fullmatch(name)}
