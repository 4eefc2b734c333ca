"""An ESC/POS receipt printer on a pseudo-terminal: the works of `escpos_machine` at the far end of a wire with its faults."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from devices.sim.escpos_machine import Condition, Firmware, Machine
from devices.sim.wire import Wire


class SimPrinter:
    """The printer. `state` is ok | paper-low | paper-out | cover-open; it stops in the middle of a job as well."""

    def __init__(self, link: Path, firmware: Firmware | None = None) -> None:
        self.machine = Machine(time.monotonic, firmware or Firmware())
        self._lock = threading.Lock()  # the wire's thread and whoever plays
        self.wire = Wire(link, self._hear)
        self.wire.plug()

    @property
    def state(self) -> str:
        """What it is like."""
        seen = self.machine.condition
        if seen.cover_open:
            return "cover-open"
        if seen.no_paper:
            return "paper-out"
        return "paper-low" if seen.paper_low else "ok"

    @state.setter
    def state(self, state: str) -> None:
        self.be(
            Condition(
                no_paper=state == "paper-out",
                paper_low=state == "paper-low",
                cover_open=state == "cover-open",
            )
        )

    @property
    def receipts(self) -> list[str]:
        """What was cut off, newest last, as text."""
        with self._lock:
            return ["\n".join(map(str, receipt)) for receipt in self.machine.receipts[-20:]]

    def be(self, condition: Condition) -> None:
        """Somebody did something to it."""
        with self._lock:
            self.machine.condition = condition
            said = self.machine.run()
        self.wire.send(said)

    def drain(self, lines: int) -> None:
        """Print so many lines although it was stopped."""
        with self._lock:
            said = self.machine.drain(lines)
        self.wire.send(said)

    def power(self, on: bool) -> None:
        """Switch it while the cable stays in, as a printer with a supply of its own."""
        with self._lock:
            self.machine.power(on)

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def _hear(self, data: bytes) -> bytes:
        with self._lock:
            return self.machine.hear(data)
