"""Look for a card with a PN532, wherever it sits: UART, or inside a reader whose answers carry no checksum."""

from __future__ import annotations

from collections.abc import Callable

from devices.errors import ProtocolError
from devices.protocol import pn532
from devices.protocol.pn532_targets import LIST_ONE_TYPE_A, target_of
from devices.protocol.tag_reading import ISO_DEP, Target

# Diagnose, ISO 14443-4 card presence (UM0701-02, 7.2.1): a card in that state does not hear a new look.
STILL_THERE = bytes([0x00, 0x06])
_THERE = b"\x01\x00"


class Unsure(ProtocolError):
    """A look showed nothing to rely on: neither a card nor none."""


class CardLooker:
    """`chip` carries a command to the PN532 and brings its answer, code first.

    `sure`: believe a card's number that was not seen before only when two looks agree on it, the field being off between them.
    """

    def __init__(self, chip: Callable[[bytes], bytes], *, sure: bool) -> None:
        self._chip, self._sure = chip, sure
        self._known: Target | None = None

    def look(self) -> Target | None:
        """The card that is there now, None for none. Raises DeviceError, Unsure where two looks do not agree."""
        known = self._known
        if known is not None and known.sel_res & ISO_DEP and self._still_there():
            return known
        found = self._list()
        if (
            found is None and known is not None
        ):  # libnfc (pn53x.c): of some cards Diagnose says wrongly that they left
            self._chip(pn532.FIELD_OFF)
            found = self._list()
        if found is not None and found != known and self._sure:
            found = self._again(found)
        self._known = found
        return found

    def _again(self, found: Target) -> Target | None:
        self._known = None
        self._chip(pn532.FIELD_OFF)
        again = self._list()
        # A phone makes up a new number each time the field comes on: the later one is as good as the first.
        if again is None or again == found or (found.made_up and again.made_up):
            return again
        raise Unsure("two looks found two cards")

    def _list(self) -> Target | None:
        answer = self._chip(LIST_ONE_TYPE_A)
        try:
            return target_of(answer)
        except ProtocolError as error:
            raise Unsure(str(error)) from error

    def _still_there(self) -> bool:
        answer = self._chip(STILL_THERE)
        if len(answer) != 2:
            raise Unsure("not an answer about a card's presence")
        return answer == _THERE
