"""Drawing views with the screen program itself, headless, in a process per panel (Kivy has one window per process).

The parent has worked out all that is shown; the child draws, saves pictures, and reads the codes in the drawn pixels.
The child says a line of JSON on its standard output for each shot as it is done, in the order of the shots.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.views import Facing, Panel, Shop, View

QUIET_S: Final = 120  # a child that says nothing for so long is given up


class DrawingError(Exception):
    """The screen program cannot draw here; says why."""


class Shot(Struct, frozen=True, kw_only=True):
    """One picture. `facings`: windows of the aisle by where they begin; `offset`: pixels a wall is scrolled by."""

    shop: Shop
    view: View
    facings: dict[str, dict[int, list[Facing]]]  # by aisle
    offset: int = 0
    path: str = ""  # of the PNG; "": none is kept


class Job(Struct, frozen=True, kw_only=True):
    """What a child is to draw. With `read` it says what the codes in each picture say."""

    panel: Panel
    shots: tuple[Shot, ...]
    read: bool = False


class Drawn(Struct, frozen=True, kw_only=True):
    """A shot that was drawn: what its codes say, each once."""

    codes: tuple[str, ...] = ()


def draw(panel: Panel, shots: Sequence[Shot], *, read: bool = False) -> Iterator[Drawn]:
    """Draw all of it; one answer per shot, in order. Raises DrawingError where the child fails or falls silent."""
    if not shots:
        return
    with tempfile.TemporaryDirectory(prefix="endcap-preview-") as folder:
        job, log = Path(folder) / "job", Path(folder) / "log"
        job.write_bytes(msgspec.msgpack.encode(Job(panel=panel, shots=tuple(shots), read=read)))
        command = [sys.executable, "-m", "kiosk.preview.worker", str(job)]
        with log.open("wb") as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as child:
            try:
                assert child.stdout is not None, "it was asked for"
                for _ in shots:
                    line = child.stdout.readline()
                    if not line:
                        child.wait(QUIET_S)
                        raise DrawingError(_why(log, child.returncode))
                    yield msgspec.json.decode(line, type=Drawn)
            finally:
                if child.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(10)
                child.kill()


def _why(log: Path, code: int) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return f"the screen program ended with {code}: {lines[-1] if lines else 'it said nothing'}"
