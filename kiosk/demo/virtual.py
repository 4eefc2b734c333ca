"""The demo's peripherals: simulators that speak the wire on pseudo-terminals, played from the page."""

from __future__ import annotations

from pathlib import Path

from devices.sim import phones
from devices.sim.phones import Phone
from devices.sim.pn532_chip import SimPn532
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from devices.sim.wire import Wire

# The cards on the page and their numbers. What a card is good for is up to the bank, which knows them by token.
CARDS: dict[str, bytes] = {
    "good": bytes.fromhex("04e1a5c0de0001"),
    "declined": bytes.fromhex("04e1a5c0de0002"),
    "empty": bytes.fromhex("04e1a5c0de0003"),
    "unknown": bytes.fromhex("04e1a5c0de0004"),
}


_PHONE_S = 1.5  # how long a phone is held there


class VirtualPeripherals:
    """Scanner, reader and printer behind `folder`/scanner, /reader and /printer."""

    def __init__(self, folder: Path) -> None:
        self._scanner = SimScanner(folder / "scanner")
        self._reader = SimPn532(folder / "reader")
        self._printer = SimPrinter(folder / "printer")

    def scan(self, text: str) -> None:
        """The scanner reads that code."""
        self._scanner.scan(text)

    def tap(self, card: str) -> None:
        """Hold a card of CARDS to the reader."""
        self._reader.tap(CARDS[card])

    def tap_phone(self) -> str:
        """Hold a phone to the reader for a moment; the address it opens, "" where the reader offers none."""
        phone = Phone(phones.iphone())
        self._reader.phone_taps(phone)
        phone.gone.wait(_PHONE_S)
        self._reader.phone_leaves()
        return phone.opened

    def cards(self) -> tuple[str, ...]:
        """The cards there are."""
        return tuple(CARDS)

    def printer(self, state: str) -> None:
        """ok | paper-out | cover-open."""
        self._printer.state = state

    def plug(self, name: str, connected: bool) -> None:
        """Pull a plug or put it back."""
        wire = self._wires()[name]
        if connected:
            wire.plug()
        else:
            wire.unplug()

    def state(self) -> dict[str, str]:
        """What each is like."""
        states = {name: "plugged in" if wire.plugged else "unplugged" for name, wire in self._wires().items()}
        if self._printer.wire.plugged and self._printer.state != "ok":
            states["printer"] = {"paper-out": "out of paper", "cover-open": "cover open"}[self._printer.state]
        return states

    def receipts(self) -> list[str]:
        """What came out of the printer, newest last."""
        return list(self._printer.receipts)

    def close(self) -> None:
        """Unplug all for good."""
        for wire in self._wires().values():
            wire.close()

    def _wires(self) -> dict[str, Wire]:
        return {"scanner": self._scanner.wire, "reader": self._reader.wire, "printer": self._printer.wire}
