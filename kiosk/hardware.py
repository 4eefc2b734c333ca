"""The peripherals of the package `devices`, plugged into the agent's port."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from devices import events as heard
from devices.events import DeviceEvent
from devices.manager import Manager
from devices.models import Setting
from kiosk.paper import pieces
from kiosk.peripherals import CardRead, CodeRead, DeviceState, Post, Printed
from kiosk.receipt import Receipt

log = logging.getLogger(__name__)

NAMES = ("scanner", "reader", "printer")


class Hardware:
    """Peripherals (kiosk.peripherals) by name: each of NAMES at most once; those that are not set are absent."""

    def __init__(self, settings: Iterable[Setting]) -> None:
        self._manager = Manager(list(settings), self._hear)
        self._post: Post = lambda event: None

    def start(self, post: Post) -> None:
        """See Peripherals."""
        self._post = post
        for name in NAMES:
            if name not in self._manager.devices:
                post(DeviceState(name, "absent"))
        self._manager.start()

    def arm(self, on: bool) -> None:
        """See Peripherals."""
        reader = self._manager.devices.get("reader")
        if reader is not None:
            reader.arm(on)

    def print(self, receipt: Receipt) -> None:
        """See Peripherals."""
        printer = self._manager.devices.get("printer")
        if printer is None:
            self._post(Printed(receipt.reference, "no-printer"))
        else:
            printer.print(receipt.reference, pieces(receipt))

    def close(self) -> None:
        """See Peripherals."""
        self._manager.stop()

    def _hear(self, event: DeviceEvent) -> None:
        """From the devices' threads."""
        match event:
            case heard.Scan(text=text, aim=aim):
                self._post(CodeRead(text, aim))
            case heard.CardSeen(token=token):
                self._post(CardRead(token))
            case heard.DeviceState(device=name, state=state, detail=detail):
                log.info("%s is %s%s", name, state, f": {detail}" if detail else "")
                self._post(DeviceState(name, state, detail))
            case heard.PrinterStatus(device=name, status=status):
                self._post(DeviceState(name, "ready", "" if status == "ok" else status))
            case heard.Printed(job=reference):
                self._post(Printed(reference))
            case heard.NotPrinted(job=reference, reason=reason):
                self._post(Printed(reference, "no-paper" if reason == "no-paper" else "no-printer"))
