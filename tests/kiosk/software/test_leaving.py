"""The real agent ends for other programs only where nobody is at its wall, and only where the updater has it written down."""

from __future__ import annotations

import threading
from pathlib import Path

from kiosk.views import Attract
from tests.kiosk.kiosks import Kiosk


class Ready:
    """An updater's answer, and how often it was asked."""

    def __init__(self, answer: bool) -> None:
        self.answer, self.asked = answer, 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.answer


def test_an_empty_wall_is_left_at_once(tmp_path: Path) -> None:
    left, ready = threading.Event(), Ready(True)
    with Kiosk(tmp_path, leave=left.set) as kiosk:
        kiosk.sees(Attract)
        kiosk.program.agent.operated.leave_for(ready)
        assert left.is_set()
        assert ready.asked == 1


def test_what_cannot_be_written_down_is_not_left_for(tmp_path: Path) -> None:
    left, ready = threading.Event(), Ready(False)
    with Kiosk(tmp_path, leave=left.set) as kiosk:
        kiosk.sees(Attract)
        kiosk.program.agent.operated.leave_for(ready)
        assert ready.asked == 1
        assert not left.is_set()


def test_whoever_is_at_the_wall_or_pays_goes_first(tmp_path: Path) -> None:
    left, ready = threading.Event(), Ready(True)
    with Kiosk(tmp_path, leave=left.set) as kiosk:
        kiosk.buys()
        kiosk.program.agent.operated.leave_for(ready)
        assert ready.asked == 0, "nothing is written down while somebody pays"
        assert not left.is_set()


def test_an_agent_that_nobody_would_start_again_stays(tmp_path: Path) -> None:
    ready = Ready(True)
    with Kiosk(tmp_path) as kiosk:
        kiosk.sees(Attract)
        kiosk.program.agent.operated.leave_for(ready)
        assert ready.asked == 0
