"""On X11 the window has no buffers we do not use, and shows the very pixels any other does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.ui.visual import HINT, Visual, ask, choose

from .test_loop import PICTURE

PLAIN = {1: 1, 4: 1, 5: 1, 8: 8, 9: 8, 10: 8, 11: 8, 12: 0, 13: 0, 14: 0, 0x20: 0x8000, 100001: 0}
Z, STENCIL, SAMPLES, CAVEAT, DOUBLE = 12, 13, 100001, 0x20, 5


def visual(number: int, depth: int = 24, kind: int = 4, **other: int) -> Visual:
    names = {"z": Z, "stencil": STENCIL, "samples": SAMPLES, "caveat": CAVEAT, "double": DOUBLE}
    return Visual(number, depth, kind, (PLAIN | {names[k]: v for k, v in other.items()}).get)


def test_the_first_visual_without_needless_buffers_is_chosen() -> None:
    """As Xvfb offers them: with both buffers first, then single-buffered, slow, multisampled and see-through ones."""
    offered = [
        visual(0x21, z=24, stencil=8),
        visual(0x389, double=0),
        visual(0x38A, caveat=0x8001),
        visual(0x3A7, samples=4),
        visual(0x51, depth=32),
        visual(0x52, kind=5),
        Visual(0x53, 24, 4, lambda _name: None),  # GLX does not know it
        visual(0x38B),
        visual(0x38D),
    ]
    assert choose(offered, 24) == 0x38B
    assert choose(offered[:-2], 24) is None
    assert choose([], 24) is None


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"DISPLAY": ":1", "SDL_VIDEODRIVER": "offscreen"},
        {"DISPLAY": ":1", HINT: "0x21"},
        {"DISPLAY": ":1", HINT: ""},
        {"DISPLAY": "/nowhere/that/is/a/display:9"},
    ],
)
def test_nothing_is_hinted_where_it_is_not_for_us(env: dict[str, str]) -> None:
    before = dict(env)
    ask(env)()
    assert env == before


@pytest.fixture
def display() -> Iterator[str]:
    """An X server without a screen."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1080x1920x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as answer:
        yield f":{answer.readline().strip()}"
    server.terminate()
    server.wait(60)


@pytest.mark.ui
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (Debian: xvfb)")
def test_the_picture_is_the_same_with_and_without_them(display: str, tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in {HINT, "SDL_VIDEODRIVER"}} | {"DISPLAY": display}
    seen = {
        subprocess.run([sys.executable, "-c", PICTURE + f"\nimport os; print(os.environ.get({HINT!r}) is None)", kind,
                        str(tmp_path)], capture_output=True, text=True, check=True, timeout=120, env=env).stdout
        for kind in ("own", "x11")
    }  # fmt: skip
    pictures = {out.split()[0] for out in seen}
    assert len(pictures) == 1
    assert len(pictures.pop()) == 64
    assert {out.split()[1] for out in seen} == {"True", "False"}  # the hint was given on X11, and only there
