"""A disk whose power can be cut: ext4 in a file, mounted through a loop device.

The file holds what the file system has written to its device, and nothing of what only its caches have. A copy of it,
made while the writer stands still, is what a disk would hold if the power had gone at that moment; mounting it replays
ext4's journal as a boot does. Root and a loop device are needed: `missing()` says where they are not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path


def missing() -> str:
    """Why no disk can be made here; "" where one can."""
    if os.geteuid() != 0:
        return "power cuts need root: they mount file systems"
    if not shutil.which("mkfs.ext4"):
        return "power cuts need mkfs.ext4: apt-get install e2fsprogs"
    if not Path("/dev/loop-control").exists():
        return "power cuts need loop devices"
    return ""


class Disk:
    """A mounted file system at `root`; it moves to another mount point with every power cut."""

    def __init__(self, folder: Path, name: str, mib: int = 24, options: str = "") -> None:
        """Make and mount it. `options`: more of mount(8)'s."""
        self._folder, self._name, self._options = folder, name, options
        self._cuts = 0
        self._image = folder / f"{name}.img"
        with self._image.open("wb") as file:
            file.truncate(mib * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0", "-J", "size=4", str(self._image))
        self.root = folder / name
        self.root.mkdir()
        self._mount()

    def copy(self) -> Path:
        """What is on the disk now. Its writers stand still, or have no power any more."""
        self._cuts += 1
        taken = self._folder / f"{self._name}-{self._cuts}.img"
        written = -1
        while (now := self._image.stat().st_mtime_ns) != written:
            written = now  # ext4 may write by itself meanwhile: then the copy would be of two moments
            _run("cp", "--sparse=always", str(self._image), str(taken))
        return taken

    def become(self, taken: Path) -> None:
        """Be that copy: every writer must have gone. What was not on the disk when it was taken is lost."""
        self.unmount()
        self._image.unlink()
        self._image = taken
        self._mount()

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.root / "filler").open("ab", buffering=0) as filler:
            for size in (1024 * 1024, 64 * 1024, 1024, 1):
                with suppress(OSError):
                    while filler.write(bytes(size)) == size:
                        pass

    def make_room(self) -> None:
        """Take away what filled it, for good: a power cut within ext4's five seconds would bring it back, and nobody would
        take it away again.
        """
        (self.root / "filler").unlink()
        folder = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def unmount(self) -> None:
        """Take it away; its file stays. Raises OSError where somebody still works on it."""
        _run("umount", str(self.root))

    def close(self) -> None:
        """Take it away whoever works on it: it goes when they do."""
        _run("umount", "--lazy", str(self.root))

    def _mount(self) -> None:
        more = f",{self._options}" if self._options else ""
        _run("mount", "-o", f"loop,noatime{more}", str(self._image), str(self.root))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
