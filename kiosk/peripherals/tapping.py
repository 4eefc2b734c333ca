"""Phones that are held to the reader: what they get, and what is told of it. Used by the owner's thread alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kiosk.codes.codes import read_code
from kiosk.core import events as did
from kiosk.core.events import AnyEvent, Stamp
from kiosk.core.offering import address_of
from kiosk.core.terms import Links
from kiosk.peripherals.peripherals import Peripherals, PhoneTapped
from kiosk.views import View


class Tapping:
    """Has the reader offer what is on the glass. `counters` get taps, and taps-cut-off: phones that left too early."""

    def __init__(self, peripherals: Peripherals, counters: Counter[str]) -> None:
        self._peripherals, self._counters = peripherals, counters
        self._offered = ""

    def follow(self, view: View, links: Links, now: int | None) -> None:
        """The view is this one now, and links are written like that; `now` in Unix seconds, None for a clock not trusted."""
        address = address_of(view, links.front(now))
        if address != self._offered:
            self._offered = address
            self._peripherals.offer(address)

    def heard(self, tap: PhoneTapped, at: Stamp) -> Iterable[AnyEvent]:
        """A phone was here. Only one that has the whole address is somebody who goes on there."""
        self._counters["taps" if tap.complete else "taps-cut-off"] += 1
        if not tap.complete:
            return ()
        code = read_code(tap.uri)
        return (did.PhoneTapped(at, code.gtin, code.facing),)
