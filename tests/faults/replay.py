"""Power cuts meaner than a copied disk: what was written since a file's last fsync is there in part, torn, or not at all.

A writer runs under strace, which writes down every write and every fsync of its files in their order. A disk may have
carried out any of the writes a file got since its last fsync, in any order, and of the last of them any sectors. `cut`
builds the files such a disk would hold; all that was synced is there, of the rest what chance leaves.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SECTOR: Final = 512
TRACED: Final = "pwrite64,write,fdatasync,fsync,ftruncate,unlink"
_CALL: Final = re.compile(r"^(\d+) +(\w+)\((.*)$")
_RESUMED: Final = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
_FILE: Final = re.compile(r"^\d+<([^>]*)>")
_WRITE: Final = re.compile(r'^\d+<[^>]*>, "([^"]*)", \d+(?:, (\d+))?')
_LENGTH: Final = re.compile(r"^\d+<[^>]*>, (\d+)")
_UNLINK: Final = re.compile(r'^"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Op:
    """Something a writer asked of a file. `at`: where it wrote, or the length it cut the file to."""

    what: str  # write | append | truncate | unlink | sync-begins | sync
    file: str
    thread: str
    at: int = 0
    data: bytes = b""


def missing() -> str:
    """Why no writer can be traced here; "" where one can."""
    if not shutil.which("strace"):
        return "torn writes need strace: apt-get install strace"
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine lets nobody trace a process"


def record(folder: Path, module: str, *arguments: str) -> list[Op]:
    """Run a module's program to its end; what it did to files in `folder`."""
    log = folder.with_name(f"{folder.name}.strace")
    trace = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-e",
        "signal=none",
        "-e",
        f"trace={TRACED}",
        "-o",
        str(log),
    ]
    subprocess.run(
        [*trace, sys.executable, "-m", module, *arguments], check=True, cwd=Path(__file__).parents[2]
    )
    with log.open() as lines:
        return list(_parse(lines, str(folder)))


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _parse(lines: Iterator[str], folder: str) -> Iterator[Op]:
    syncing: dict[str, str] = {}  # thread -> the file whose sync has not returned
    for line in lines:
        if resumed := _RESUMED.match(line):
            thread, call = resumed.groups()
            if call in ("fsync", "fdatasync") and (file := syncing.pop(thread, "")):
                yield Op("sync", file, thread)
            continue
        if (found := _CALL.match(line)) is None:
            continue
        thread, call, rest = found.groups()
        name = (_UNLINK if call == "unlink" else _FILE).match(rest)
        path = _text(name[1]).decode() if name and name[1].startswith("\\x") else ""
        if path != folder and not path.startswith(f"{folder}/"):
            continue
        file = path.removeprefix(folder).removeprefix("/")  # "": the folder itself
        match call:
            case "pwrite64" | "write":
                written = _WRITE.match(rest)
                assert written, line[:200]
                what = "write" if call == "pwrite64" else "append"
                yield Op(what, file, thread, int(written[2] or 0), _text(written[1]))
            case "ftruncate":
                length = _LENGTH.match(rest)
                assert length, line[:200]
                yield Op("truncate", file, thread, int(length[1]))
            case "unlink":
                yield Op("unlink", file, thread)
            case _:
                yield Op("sync-begins", file, thread)
                if rest.rstrip().endswith("<unfinished ...>"):
                    syncing[thread] = file
                else:
                    yield Op("sync", file, thread)


@dataclass
class _File:
    content: bytearray = field(default_factory=bytearray)  # what is on the disk for certain
    exists: bool = False  # its name is, for certain
    pending: list[Op] = field(default_factory=list)
    covered: dict[str, int] = field(default_factory=dict)  # by thread: what was pending when its sync began

    def take(self, op: Op) -> None:
        """An operation more."""
        match op.what:
            case "sync-begins":
                self.covered[op.thread] = len(self.pending)
            case "sync":
                count = min(self.covered.pop(op.thread, 0), len(self.pending))
                self._settle(count)
                self.exists = True
            case _:
                self.pending.append(op)

    def folder_synced(self) -> None:
        """Names are on the disk now, and those that were taken away are gone."""
        for number in reversed(range(len(self.pending))):
            if self.pending[number].what == "unlink":
                self._settle(number + 1)
                self.exists = False
                break

    def _settle(self, count: int) -> None:
        """The first operations that were pending are on the disk."""
        for done in self.pending[:count]:
            _apply(self.content, done)
        del self.pending[:count]
        self.covered = {thread: max(0, number - count) for thread, number in self.covered.items()}

    def after_a_cut(self, draw: random.Random) -> bytes | None:
        """What may be there; None where not even the name is."""
        content, exists = bytearray(self.content), self.exists
        kept = draw.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        for op in self.pending:
            if draw.random() < kept:
                _apply(content, op, draw if draw.random() < 0.3 else None)
                exists = op.what != "unlink"
        return bytes(content) if exists else None


def _apply(content: bytearray, op: Op, tear: random.Random | None = None) -> None:
    match op.what:
        case "truncate":
            del content[op.at :]
            content.extend(bytes(op.at - len(content)))
        case "unlink":
            content.clear()
        case "append":
            content.extend(op.data)
        case _:
            for start in range(0, len(op.data), SECTOR):
                if tear is not None and tear.random() < 0.5:
                    continue
                piece, at = op.data[start : start + SECTOR], op.at + start
                if at > len(content):
                    content.extend(bytes(at - len(content)))
                content[at : at + len(piece)] = piece


@dataclass(frozen=True, slots=True)
class Cut:
    """What a disk holds after a power cut, and what the witness had heard by then."""

    files: dict[str, bytes]
    heard: bytes

    def lay_out(self, folder: Path) -> None:
        """Write the files."""
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def cuts(ops: Sequence[Op], witness: str, count: int, seed: int) -> Iterator[Cut]:
    """`count` power cuts at random moments after the witness (a file's name) has first heard something."""
    draw = random.Random(seed)
    first = next(number for number, op in enumerate(ops) if op.file == witness)
    moments = sorted(draw.randrange(first, len(ops)) for _ in range(count))
    files: dict[str, _File] = {}
    heard = bytearray()
    for number, op in enumerate(ops):
        while moments and moments[0] == number:
            moments.pop(0)
            there = {name: file.after_a_cut(draw) for name, file in files.items()}
            yield Cut({name: content for name, content in there.items() if content is not None}, bytes(heard))
        if op.file == witness:
            heard += op.data
        elif not op.file:
            for file in files.values() if op.what == "sync" else ():
                file.folder_synced()
        else:
            files.setdefault(op.file, _File()).take(op)
