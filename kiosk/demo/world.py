"""What the demo page can do to the kiosk: the world around the glass, as one object with plain methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Peripherals(Protocol):
    """The virtual scanner, card reader and printer, at the far end of their wires."""

    def scan(self, text: str) -> None:
        """The scanner reads that code."""

    def tap(self, card: str) -> None:
        """A card is held to the reader; `card` is one of `cards`."""

    def tap_phone(self) -> str:
        """A phone is held to the reader; the address it opens, "" for none."""

    def cards(self) -> tuple[str, ...]:
        """The cards there are to tap."""

    def printer(self, state: str) -> None:
        """Set the printer's state: ok | paper-out | cover-open."""

    def plug(self, name: str, connected: bool) -> None:
        """Pull a peripheral's plug or put it back; name is scanner | reader | printer."""

    def state(self) -> dict[str, str]:
        """What each peripheral is like, by name."""

    def receipts(self) -> list[str]:
        """What came out of the printer, newest last, as text."""


class World:
    """The page's commands, checked: an unknown one is refused with a sentence."""

    def __init__(self, peripherals: Peripherals, power_cut: Callable[[], None]) -> None:
        self.peripherals = peripherals
        self._power_cut = power_cut

    def do(self, command: dict[str, str]) -> str:
        """Carry out one command; returns what to tell the person. Raises ValueError for what is none."""
        match command:
            case {"do": "scan", "text": text} if 0 < len(text) <= 512:
                if self._unplugged("scanner"):
                    return "the scanner is unplugged: it read nothing"
                self.peripherals.scan(text)
                return f"scanned {text[:60]}"
            case {"do": "tap", "card": card} if card in self.peripherals.cards():
                if self._unplugged("reader"):
                    return "the card reader is unplugged: it felt nothing"
                self.peripherals.tap(card)
                return f"held the card “{card}” to the reader"
            case {"do": "printer", "state": ("ok" | "paper-out" | "cover-open") as state}:
                self.peripherals.printer(state)
                return f"printer: {state}"
            case {
                "do": "plug",
                "name": ("scanner" | "reader" | "printer") as name,
                "connected": ("yes" | "no") as yes,
            }:
                self.peripherals.plug(name, yes == "yes")
                return f"{name}: {'plugged in' if yes == 'yes' else 'unplugged'}"
            case {"do": "power-cut"}:
                self._power_cut()
                return "the kiosk lost its power; it starts again"
        raise ValueError("no such command")

    def tap_phone(self) -> str:
        """Hold a phone to the reader; the address it opens, "" where it gets none."""
        return "" if self._unplugged("reader") else self.peripherals.tap_phone()

    def _unplugged(self, name: str) -> bool:
        return self.peripherals.state().get(name) == "unplugged"
