"""Files that are there whole or not at all, whatever happens to the power: written aside, flushed, renamed, flushed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

PART: Final = ".part"  # ends the name of what is not whole yet; a reader never looks for it


class Disk:
    """The few ways a repository changes a disk. Each raises OSError; tests let each of them fail once."""

    def write(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Make a file, not flushed; its folder is made too."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)

    def flush(self, path: Path) -> None:
        """Have a file or folder on the disk before going on."""
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, part: Path, path: Path) -> None:
        """Put a whole file in another's place."""
        part.replace(path)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is gone already is no mistake."""
        path.unlink(missing_ok=True)

    def put(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """One file, whole and flushed once this returns; the one of that name before stands until then."""
        part = path.with_name(path.name + PART)
        self.write(part, data, mode)
        self.flush(part)
        self.rename(part, path)
        self.flush(path.parent)

    def put_many(self, files: dict[Path, Path]) -> None:
        """Flush files that were written aside and put them in their places: {path: part}. All are flushed first."""
        for part in files.values():
            self.flush(part)
        for path, part in files.items():
            self.rename(part, path)
        for folder in sorted({path.parent for path in files}):
            self.flush(folder)
