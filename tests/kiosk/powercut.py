"""A disk that remembers what a power cut would leave of it, after each call that changed it; and one that fails when told.

`RecordingDisk` does the work on the real disk and keeps beside it, as a model, what has been synced. `leave(k, how, into)`
builds what a boot would find had the power gone after the k-th call. A file system promises less than most do, so each
cut is tried in several ways:

    kept    everything reached the disk, synced or not (the program was killed, the machine lives)
    lost    only what was synced did: names by their folder's sync, bytes by their file's
    hollow  all names did, bytes that were not synced did not: files that are empty
    torn    all names did, and half of the bytes that were not synced
    mixed   folder by folder, either all names or the synced ones; file by file, half, all or none of the rest
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from content.durable import Disk

How = Literal["kept", "lost", "hollow", "torn", "mixed"]
HOWS: tuple[How, ...] = ("kept", "lost", "hollow", "torn", "mixed")


@dataclass
class _File:
    data: bytes = b""
    synced: bytes = b""


@dataclass
class _Folder:
    names: dict[str, _File | _Folder] = field(default_factory=dict)
    synced: dict[str, _File | _Folder] = field(default_factory=dict)


_Node = _File | _Folder


class RecordingDisk(Disk):
    """See the module. What lies in `root` when it is made counts as synced; all calls are for places in there."""

    def __init__(self, root: Path) -> None:
        self.calls = ["nothing yet"]
        self._root = root
        self._tree = _Folder()
        self._look(self._tree, root, synced=True)
        self._states = [self._frozen()]

    def __len__(self) -> int:
        """How many moments there are to cut at."""
        return len(self._states)

    def cuts(self) -> Iterator[tuple[int, How]]:
        """Every moment in every way."""
        return ((number, how) for number in range(len(self)) for how in HOWS)

    def leave(self, number: int, how: How, into: Path) -> None:
        """Build what a cut after the `number`th call leaves, in a folder that is not there yet."""
        chance = random.Random(f"{number} {how}")
        _lay(self._states[number], how, into, chance)

    # --- the calls --------------------------------------------------------------------------------------------

    def make(self, folder: Path) -> None:
        super().make(folder)
        above = self._tree
        for name in folder.relative_to(self._root).parts:
            found = above.names.setdefault(name, _Folder())
            assert isinstance(found, _Folder)
            above = found
        self._done("make", folder)

    def write(self, path: Path, data: bytes) -> None:
        super().write(path, data)
        self._file(path).data = data
        self._done("write", path)

    def append(self, path: Path, data: bytes) -> None:
        super().append(path, data)
        self._file(path).data += data
        self._done("append", path)

    def truncate(self, path: Path, size: int) -> None:
        super().truncate(path, size)
        self._file(path).data = self._file(path).data[:size]
        self._done("truncate", path)

    def sync(self, path: Path) -> None:
        super().sync(path)
        above = self._folder(path.parent) if path != self._root else None
        if path.is_dir():
            folder = self._folder(path)
            self._look(folder, path, synced=False)
            folder.synced = dict(folder.names)
        else:
            assert above is not None
            self._look(above, path.parent, synced=False)
            file = self._file(path)
            file.data = file.synced = path.read_bytes()
        self._done("sync", path)

    def sync_all(self, paths: Collection[Path]) -> None:
        for path in paths:  # in an order, so that a cut can come between any two
            self.sync(path)

    def rename(self, path: Path, new: Path) -> None:
        super().rename(path, new)
        node = self._folder(path.parent).names.pop(path.name)
        self._folder(new.parent).names[new.name] = node
        self._done("rename", new)

    def link(self, path: Path, new: Path) -> None:
        super().link(path, new)
        above = self._folder(new.parent)
        above.names[new.name] = self._folder(path.parent).names[path.name]
        self._done("link", new)

    def unlink(self, path: Path) -> None:
        there = path.exists()
        super().unlink(path)
        self._folder(path.parent).names.pop(path.name, None)
        if there:
            self._done("unlink", path)

    def rmdir(self, folder: Path) -> None:
        super().rmdir(folder)
        self._folder(folder.parent).names.pop(folder.name, None)
        self._done("rmdir", folder)

    # --- the model --------------------------------------------------------------------------------------------

    def _done(self, what: str, path: Path) -> None:
        self.calls.append(f"{what} {path.relative_to(self._root)}")
        self._states.append(self._frozen())

    def _folder(self, path: Path) -> _Folder:
        found: _Node = self._tree
        for name in path.relative_to(self._root).parts:
            assert isinstance(found, _Folder)
            if name not in found.names:  # made by somebody who does not know of us
                found.names[name] = _Folder()
            found = found.names[name]
        assert isinstance(found, _Folder)
        return found

    def _file(self, path: Path) -> _File:
        found = self._folder(path.parent).names.setdefault(path.name, _File())
        assert isinstance(found, _File)
        return found

    def _look(self, folder: _Folder, path: Path, *, synced: bool) -> None:
        """Take in what others made there (a store's writer, SQLite)."""
        for inside in path.iterdir():
            if inside.name in folder.names:
                continue
            if inside.is_dir():
                node: _Node = _Folder()
                assert isinstance(node, _Folder)
                self._look(node, inside, synced=synced)
            else:
                data = inside.read_bytes()
                node = _File(data, data if synced else b"")
            folder.names[inside.name] = node
            if synced:
                folder.synced[inside.name] = node

    def _frozen(self) -> _Folder:
        seen: dict[int, _Node] = {}

        def copy(node: _Node) -> _Node:
            if id(node) in seen:  # a file of two names, one of them perhaps only on the disk
                return seen[id(node)]
            if isinstance(node, _File):
                made: _Node = _File(node.data, node.synced)
                seen[id(node)] = made
                return made
            folder = seen[id(node)] = _Folder()
            folder.names = {name: copy(inside) for name, inside in node.names.items()}
            folder.synced = {name: copy(inside) for name, inside in node.synced.items()}
            return folder

        frozen = copy(self._tree)
        assert isinstance(frozen, _Folder)
        return frozen


def _lay(folder: _Folder, how: How, into: Path, chance: random.Random) -> None:
    into.mkdir()
    only_synced = how == "lost" or (how == "mixed" and chance.random() < 0.5)
    for name, node in (folder.synced if only_synced else folder.names).items():
        if isinstance(node, _Folder):
            _lay(node, how, into / name, chance)
        else:
            (into / name).write_bytes(_bytes(node, how, chance))


def _bytes(file: _File, how: How, chance: random.Random) -> bytes:
    if how == "kept" or file.data == file.synced:
        return file.data
    if how == "mixed":
        return chance.choice((file.data, file.synced, file.data[: len(file.data) // 2]))
    return file.data[: len(file.data) // 2] if how == "torn" else file.synced


class FailingDisk(Disk):
    """One whose call number `at` that needs room fails, with all that follow, for want of room."""

    def __init__(self, at: int) -> None:
        self._left = at

    def _spend(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def make(self, folder: Path) -> None:
        self._spend()
        super().make(folder)

    def write(self, path: Path, data: bytes) -> None:
        self._spend()
        super().write(path, data)

    def append(self, path: Path, data: bytes) -> None:
        self._spend()
        super().append(path, data)

    def link(self, path: Path, new: Path) -> None:
        self._spend()
        super().link(path, new)
