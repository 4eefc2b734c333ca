"""A receipt printer on the simulated USB bus: class 7, its works those of `escpos_machine`; when its buffer is full it takes no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from devices.sim.escpos_machine import Condition, Firmware, Machine
from devices.sim.usb_device import BULK, Endpoint, Interface, SimUsbDevice, Stall

OUT, IN = 0x01, 0x82


class SimUsbPrinter(SimUsbDevice):
    """`speaks` False: its bulk-in is there and says nothing, as many a cheap printer's; only the port's own status is answered."""

    def __init__(
        self,
        vid: int = 0x04B8,
        pid: int = 0x0E28,
        firmware: Firmware | None = None,
        *,
        speaks: bool = True,
        serial: str = "SIM-TM-1",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        interface = Interface(0, 7, (Endpoint(OUT, BULK, 64), Endpoint(IN, BULK, 64)), subclass=1, protocol=2)
        super().__init__(vid, pid, (interface,), serial=serial, product="TM-T20III", manufacturer="EPSON")
        self.machine = Machine(clock, firmware or Firmware())
        self._speaks = speaks
        self._works = threading.Lock()

    def be(self, condition: Condition) -> None:
        """Somebody did something to it."""
        with self._works:
            self.machine.condition = condition
        self.drain(0)

    def drain(self, lines: int) -> None:
        """Let it go on; where it is stopped, for so many lines."""
        with self._works:
            said = self.machine.drain(lines) if lines else self.machine.run()
        self._say(said)
        self.hungry()

    def on_out(self, endpoint: int, data: bytes) -> int | None:
        """See SimUsbDevice."""
        with self._works:
            took = min(len(data), self.machine.room())
            said = self.machine.hear(data[:took])
        self._say(said)
        return took

    def on_control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        """GET_DEVICE_ID and GET_PORT_STATUS (USB printer class 1.1, section 4.2)."""
        if (request_type, request) == (0xA1, 0):
            text = b"MFG:EPSON;CMD:ESC/POS;MDL:TM-T20III;CLS:PRINTER;"
            return (len(text) + 2).to_bytes(2, "big") + text
        if (request_type, request) == (0xA1, 1):
            seen = self.machine.condition
            return bytes((seen.no_paper * 0x20 | 0x10 | seen.prints * 0x08,))
        raise Stall

    def on_unplug(self) -> None:
        """The cable carries no power: the printer has its own, and keeps its buffer."""

    def _say(self, said: bytes) -> None:
        if said and self._speaks:
            self.send(IN, said)
