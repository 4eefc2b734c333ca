"""The whole of it: the manager keeps a scanner through unplugs, as the kiosk's agent has it run."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

from devices.events import DeviceEvent, DeviceState, Scan
from devices.models import Setting
from devices.protocol.hidpos_layout import layouts
from devices.sim.hidpos import reports_of
from devices.supervision.manager import Manager
from tests.vm.bench import Bench
from tests.vm.hid_gadgets import HIDPOS
from tests.vm.waiting import PATIENCE_S

[LAYOUT] = layouts(HIDPOS)
CYCLES = 12
LONG = "https://id.gs1.org/01/09521100100410/21/" + "x" * 60
# A machine so busy that the pull comes later than the silence that ends a message: then its half is told, as it must be of
# firmware that never ends one (docs: `unended`).
HALVES = {LONG[: LAYOUT.data[1]]}


def _gtin(number: int) -> str:
    """A GTIN-13 of the range for examples, with its check digit."""
    digits = f"952110010{number:03d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


class _Inbox:
    """Where the manager's threads post to."""

    def __init__(self) -> None:
        self._posted: queue.Queue[DeviceEvent] = queue.Queue()
        self.scans: list[str] = []
        self.states: list[DeviceState] = []

    def post(self, event: DeviceEvent) -> None:
        """From any thread."""
        self._posted.put(event)

    def until(self, enough: Callable[[], bool], what: str) -> None:
        """Take what is posted until it is enough."""
        end = time.monotonic() + PATIENCE_S
        while not enough():
            try:
                event = self._posted.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{what}; scans {self.scans}; states {self.states}") from None
            if isinstance(event, Scan):
                self.scans.append(event.text)
            if isinstance(event, DeviceState):
                self.states.append(event)


def _cycles(bench: Bench, name: str, setting: Setting, say: Callable[[str], None], half: bytes) -> None:
    inbox = _Inbox()
    manager = Manager([setting], inbox.post)
    expected: list[str] = []
    manager.start()
    try:
        for cycle in range(CYCLES):
            bench.plug(name)
            inbox.until(lambda: manager.states()[setting.name] == "ready", f"ready in cycle {cycle}")
            code = _gtin(cycle)
            expected.append(code)
            say(code)
            inbox.until(lambda: expected[-1] in inbox.scans, f"the scan of cycle {cycle}")
            bench.cut(name, half)
            inbox.until(
                lambda: manager.states()[setting.name] in ("lost", "absent"), f"lost in cycle {cycle}"
            )
    finally:
        manager.stop()
        bench.unplug(name)
    whole = [text for text in inbox.scans if text not in HALVES]
    assert whole == expected, f"{inbox.scans} where {expected} was expected"
    failed = [state for state in inbox.states if state.state == "failed"]
    assert not failed, f"a technician would be told {failed[0]}"


def twelve_unplugs_of_a_serial_scanner(bench: Bench) -> None:
    """Each with half a scan before it: every whole scan once, none lost, glued or doubled; nothing is called failed."""
    _cycles(
        bench,
        "scanner",
        Setting("scanner", "line-scanner", "usb:0c2e:0b61:SIM0001"),
        lambda code: bench.say("scanner", code.encode() + b"\r"),
        b"952110",
    )


def twelve_unplugs_of_a_hidpos_scanner(bench: Bench) -> None:
    """The same by hidraw, pulled between two reports of one message."""

    def say(code: str) -> None:
        for report in reports_of(code, "]Q1", LAYOUT):
            bench.say("hidpos", report)

    _cycles(
        bench,
        "hidpos",
        Setting("hidpos", "honeywell-hidpos", "auto"),
        say,
        reports_of(LONG, "]Q1", LAYOUT)[0],
    )


CHECKS = (twelve_unplugs_of_a_serial_scanner, twelve_unplugs_of_a_hidpos_scanner)
