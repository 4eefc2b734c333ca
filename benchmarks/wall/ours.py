"""The process that is measured: the kiosk's screen program on a bench link.

    python -m benchmarks.wall.ours STORE COUNT WIDTH HEIGHT

It obeys lines on standard input: `scroll S` drags the shelves for S seconds and prints what the probe counted.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from benchmarks.wall.shelves import BenchLink, Shelves
from kiosk.ui.app import ScreenProgram
from kiosk.ui.probe import Probe
from kiosk.views import Panel

SPEED = 1200  # panel pixels a second at 1080x1920, as fast as somebody looking for something


def drag(program: ScreenProgram, seconds: float) -> None:
    """Drag up with one finger after the other, 120 positions a second, at a steady speed."""
    panel = program.panel
    x, bottom, top = panel.width / 2, panel.height * 0.72, panel.height * 0.24
    speed = SPEED * panel.height / 1920
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        program.touch("down", x, bottom)
        while (y := bottom - (time.perf_counter() - start) * speed) > top:
            program.touch("move", x, y)
            time.sleep(1 / 120)
        program.touch("up", x, top)


def obey(program: ScreenProgram) -> None:
    """Read commands until the pipe closes, then end."""
    from kivy.clock import Clock

    for line in sys.stdin:
        _, seconds = line.split()
        probe = Probe()
        Clock.schedule_once(lambda _dt, probe=probe: probe.start())
        drag(program, float(seconds))
        counted: list[object] = []
        done = threading.Event()

        def stop(
            _dt: float, probe: Probe = probe, counted: list[object] = counted, done: threading.Event = done
        ) -> None:
            frames = probe.stop()
            counted.append(
                {
                    "frames": frames.frames,
                    "interval_p50": frames.percentile(frames.intervals_ms, 0.5),
                    "interval_p99": frames.percentile(frames.intervals_ms, 0.99),
                    "work_p50": frames.percentile(frames.work_ms, 0.5),
                    "work_p99": frames.percentile(frames.work_ms, 0.99),
                }
            )
            done.set()

        Clock.schedule_once(stop)
        done.wait(10)
        print(json.dumps(counted[0]), flush=True)
    program.stop()


def main() -> None:
    """Show the wall until standard input closes."""
    store, count, width, height = sys.argv[1:5]
    program = ScreenProgram(BenchLink(Shelves(Path(store), int(count))), Panel(int(width), int(height)))
    threading.Thread(target=obey, args=(program,), daemon=True).start()
    program.run()


if __name__ == "__main__":
    main()
