"""Where releases come from: a web server, another kiosk, or a folder such as a USB stick. None of them is believed.

All have one layout, that of `endcap publish` (docs/releases.md); what they give is judged by kiosk.fetching.trust and
by its hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from kiosk.fetching.blobs import CHUNK, Part
from kiosk.fetching.errors import FetchError

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\Z")
Wait = Callable[[int], None]


class Source(Protocol):
    """One of them. Only `abort` may be called from another thread. Everything raises FetchError."""

    @property
    def name(self) -> str:
        """As it was configured, for people."""

    @property
    def metered(self) -> bool:
        """Whether its line costs by the byte."""

    def stamp(self) -> object:
        """Changes when what is there changed, as far as that can be seen without asking anybody; None: it cannot."""

    def read(self, path: str, limit: int) -> bytes:
        """A small file, at most `limit` bytes; `missing` where it is not there."""

    def fill(self, path: str, part: Part, wait: Wait) -> None:
        """Bring what a part lacks; what came before it was cut off stays in it. `wait` is called with what came."""

    def abort(self) -> None:
        """Have whatever is under way end with `no-source`, and all that comes after."""

    def close(self) -> None:
        """Let go of what is open; it opens again when it is used again."""


def check_path(path: str) -> None:
    """Names in paths come from signed data, and still no path leads out of the repository. Raises FetchError bad-release."""
    if not all(_PLAIN.match(word) and ".." not in word for word in path.split("/")):
        raise FetchError("bad-release", f"a file is called {path[:120]!r}")


class FolderSource:
    """A folder: a mounted stick, a disk, what another machine shares. Links in it are not followed out of it."""

    def __init__(self, folder: Path, *, metered: bool = False) -> None:
        self._folder, self._metered, self._over = folder, metered, False

    @property
    def name(self) -> str:
        """See Source."""
        return str(self._folder)

    @property
    def metered(self) -> bool:
        """See Source."""
        return self._metered

    def stamp(self) -> object:
        """See Source: a stick came, went, or holds something else."""
        try:
            found = (self._place() / "metadata/timestamp.json").stat()
        except OSError:
            return "nothing"
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def read(self, path: str, limit: int) -> bytes:
        """See Source."""
        try:
            with self._path(path).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise self._gone(path, error) from None
        if len(data) > limit:
            raise FetchError("too-large", f"{self.name}: {path}: more than {limit} bytes")
        return data

    def fill(self, path: str, part: Part, wait: Wait) -> None:
        """See Source."""
        try:
            with self._path(path).open("rb") as file:
                file.seek(part.length)
                while piece := file.read(CHUNK):
                    if self._over:
                        raise FetchError("no-source", self.name)
                    part.write(piece)
                    wait(len(piece))
        except OSError as error:
            raise self._gone(path, error) from None

    def abort(self) -> None:
        """See Source."""
        self._over = True

    def close(self) -> None:
        """See Source."""

    def _place(self) -> Path:
        """The folder; of a pattern such as /media/*/endcap the first that holds releases."""
        if "*" not in str(self._folder):
            return self._folder
        root = Path(self._folder.anchor)
        found = sorted(root.glob(str(self._folder.relative_to(root))))
        return next((each for each in found if (each / "metadata").is_dir()), self._folder)

    def _path(self, path: str) -> Path:
        check_path(path)
        place = self._place()
        if not (place / "metadata").is_dir():
            raise FetchError(
                "no-source", f"{self.name}: no releases there, expected a folder `metadata` in it"
            )
        found = place / path
        real = found.resolve()
        if not real.is_relative_to(place.resolve()) or (real.exists() and not real.is_file()):
            raise FetchError("missing", f"{self.name}: {path}: is no file of it")
        return found

    def _gone(self, path: str, error: OSError) -> FetchError:
        if isinstance(error, FileNotFoundError):
            return FetchError("missing", f"{self.name}: {path}")
        return FetchError("no-source", f"{self.name}: {path}: {error.strerror or error}")
