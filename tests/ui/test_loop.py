"""The loop sleeps, wakes for threads and fingers, and draws the same as Kivy's own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kiosk.ui.loop import PACE, PipeWaiter
from kiosk.ui.probe import Probe
from kiosk.views import Attract, Frame, Wall

from .conftest import Glass

PICTURE = """
import hashlib, sys
from pathlib import Path
from tests.ui.showroom import Showroom, draw_pictures, make_shop
from kiosk.ui.app import ScreenProgram
from kiosk.views import Frame, Wall
import threading
room = Showroom(make_shop(), draw_pictures(Path(sys.argv[2])))
program = ScreenProgram(room, headless=sys.argv[1] != "x11", stock_loop=sys.argv[1] == "stock")
def look():
    import time
    end = time.monotonic() + 90
    while not (program.stage.settled and program.stage.view) and time.monotonic() < end:
        time.sleep(0.01)
    print(hashlib.sha256(program.picture().tobytes()).hexdigest(), flush=True)
    program.stop()
listen = room.listen
def listening(show):
    listen(show)
    room.put(Wall(Frame("en"), "dairy"))
room.listen = listening
thread = threading.Thread(target=look)
thread.start()
program.run()
thread.join()
"""


def test_a_wake_before_the_wait_counts() -> None:
    waiter = PipeWaiter([])
    waiter.wake()
    began = time.monotonic()
    waiter.wait(30)
    assert time.monotonic() - began < 20
    waiter.close()


def test_a_panel_ends_the_sleep(tmp_path: Path) -> None:
    """An event device is a file that becomes readable; a pipe with a name does the same."""
    panel = tmp_path / "event0"
    os.mkfifo(panel)
    waiter = PipeWaiter([str(panel), str(tmp_path / "unplugged")])
    finger = os.open(panel, os.O_WRONLY)
    os.write(finger, b"24 bytes of an input event")
    began = time.monotonic()
    waiter.wait(30)
    assert time.monotonic() - began < 20
    os.close(finger)
    waiter.close()


@pytest.mark.ui
def test_an_idle_screen_sleeps(glass: Glass) -> None:
    """A wall that nobody touches draws nothing and wakes at most twice in two seconds."""
    glass.put(Wall(Frame("en"), "dairy"))
    loop = glass.program.loop
    painted, since = -1, time.monotonic()
    while time.monotonic() - since < 0.7:  # what is still painted ahead, and drawn
        if (glass.program.stage.baker.painted + glass.program.frames) != painted:
            painted, since = glass.program.stage.baker.painted + glass.program.frames, time.monotonic()
        loop.sleep()
        loop.turn()
    drawn, naps, end = glass.program.frames, 0, time.monotonic() + 2
    while time.monotonic() < end:
        loop.sleep()
        loop.turn()
        naps += 1
    assert glass.program.frames == drawn
    assert naps <= 8


@pytest.mark.ui
def test_a_thread_wakes_the_loop(glass: Glass) -> None:
    glass.put(Attract(Frame("en"), "how-it-works"))
    view = Wall(Frame("en"), "fruit")
    threading.Timer(0.05, lambda: glass.room.put(view)).start()
    glass.turn_until(lambda: glass.program.stage.view is view, "the view")
    glass.settle(view)


@pytest.mark.ui
def test_a_software_renderer_draws_no_more_than_a_panel_shows(glass: Glass) -> None:
    """However often something changes; the first two frames may follow each other at once."""
    loop, frames = glass.program.loop, glass.program.frames
    if not loop.software:
        pytest.skip("a GPU draws here; vsync paces it")
    began = time.perf_counter()
    while glass.program.frames < frames + 20:
        glass.program.ask_picture()
        loop.sleep()
        loop.turn()
    assert time.perf_counter() - began >= 17 * PACE


@pytest.mark.ui
def test_the_probe_counts_frames_only_while_it_is_asked(glass: Glass) -> None:
    glass.put(Wall(Frame("en"), "dairy"))
    probe = Probe()
    probe.start()
    for _ in range(3):
        glass.picture()
    frames = probe.stop()
    glass.picture()
    assert frames.frames >= 3
    assert len(frames.intervals_ms) == len(frames.work_ms) == frames.frames - 1
    assert probe.stop() == frames
    assert frames.percentile(frames.work_ms, 0.99) >= frames.percentile(frames.work_ms, 0.5) > 0
    assert frames.percentile((), 0.5) == 0.0


@pytest.mark.ui
def test_both_loops_draw_the_same_picture(tmp_path: object) -> None:
    seen = {
        subprocess.run([sys.executable, "-c", PICTURE, kind, str(tmp_path)], capture_output=True, text=True, check=True,
                       timeout=120).stdout
        for kind in ("own", "stock")
    }  # fmt: skip
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 64
