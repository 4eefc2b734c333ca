"""A message of a kiosk as events: each with its bytes as they came, understood where this fleet can. Pure.

An event in its place that cannot be understood is no reason to hold up those after it: it is kept with its bytes as
`unreadable`, and read again by a fleet that knows more (`endcap fleet poison retry`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from fleet.events.rows import RESERVED_EPOCHS, Aside, Stored
from mqtt.messages import (
    AdvertPlayed,
    BadMessage,
    Engaged,
    FacingsSeen,
    Gap,
    KioskEvent,
    RefundWanted,
    SaleMade,
    Scanned,
    decode,
)

LARGEST: Final = 2**63 - 1  # of a database's number
LARGEST_SUM: Final = 2**47  # of a time shown or an amount of money: 65,000 of them fit into one sum
LONGEST_NAME: Final = 128  # characters of what is looked up by: an index refuses entries of some kilobytes
LONGEST_EPOCH: Final = 64
LARGEST_MESSAGE: Final = 1024 * 1024  # bytes; kiosks send at most 256 KiB
FOLDED: Final = frozenset({"play", "impressions", "engagement", "scan"})
_NUL: Final = b"\\u0000"


class _Raw(msgspec.Struct):
    """A batch whose events are read one by one."""

    events: list[msgspec.Raw]


class _Known(msgspec.Struct):
    """A batch whose events are all understood."""

    events: list[KioskEvent]


class _Place(msgspec.Struct):
    """As much of an event as is needed to keep it in its place."""

    epoch: str
    seq: int


_Found = tuple[
    _Place | KioskEvent, KioskEvent | None, bytes, str
]  # place, event, bytes, or why it is not understood


class Unreadable(msgspec.Struct, frozen=True):
    """An event that stays in its place without being understood, and why."""

    item: Stored
    reason: str

    @property
    def aside(self) -> Aside:
        """As it is kept aside."""
        return Aside(self.item.named, self.item.body, self.reason, self.item.received_ms)


_envelope: Final = msgspec.json.Decoder(_Raw)
_known: Final = msgspec.json.Decoder(_Known)
_event: Final = msgspec.json.Decoder(KioskEvent)


def read(kiosk: str, payload: bytes, now_ms: int) -> tuple[list[Stored], list[Unreadable]]:
    """The events of a batch, in its order, and those of them that were not understood. Raises BadMessage."""
    if len(payload) > LARGEST_MESSAGE:
        raise BadMessage(f"{len(payload)} bytes: at most {LARGEST_MESSAGE} expected")
    try:
        bodies = _envelope.decode(payload).events
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        bodies = decode(payload, _Raw).events  # which says why
    stored: list[Stored] = []
    unreadable: list[Unreadable] = []
    nul = _NUL in payload
    epoch = ""
    for place, event, body, why in _understood_at_once(payload, bodies) or map(_understood_by_itself, bodies):
        if place.epoch != epoch:
            if epoch:
                raise BadMessage("$.events: of one epoch expected")
            epoch = _checked_epoch(place.epoch)
        if not 0 < place.seq <= LARGEST:
            raise BadMessage("$.events: seq from 1 to 2**63-1 expected")
        if nul and event is not None:
            event = without_nul(event)
        item = Stored(kiosk=kiosk, epoch=epoch, seq=place.seq, body=body, event=event, received_ms=now_ms)
        stored.append(item)
        if event is None:
            unreadable.append(Unreadable(item, why))
    return stored, unreadable


def _understood_at_once(payload: bytes, bodies: list[msgspec.Raw]) -> list[_Found]:
    """All events of a batch by one call, which is a third quicker; [] where one of them is not understood."""
    try:
        events = _known.decode(payload).events
        for event in events:
            _CHECKS[type(event)](event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadMessage):
        return []
    return [(event, event, bytes(body), "") for event, body in zip(events, bodies, strict=True)]


def _understood_by_itself(raw: msgspec.Raw) -> _Found:
    body = bytes(raw)
    try:
        event = _event.decode(body)
        _CHECKS[type(event)](event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadMessage) as error:
        return _place(body), None, body, str(error)
    return event, event, body, ""


def understood(body: bytes) -> KioskEvent:
    """One event, as `read` understands it. Raises BadMessage."""
    event: KioskEvent = decode(body, KioskEvent)
    _CHECKS[type(event)](event)
    return without_nul(event) if _NUL in body else event


def same(one: bytes, other: bytes) -> bool:
    """Whether two bodies say the same, though a newer program of the kiosk may have written the second."""
    if one == other:
        return True
    try:
        return bool(understood(one) == understood(other))
    except BadMessage:
        return False


def without_nul(event: KioskEvent) -> KioskEvent:
    """The same with U+FFFD for U+0000, which PostgreSQL takes in no text."""
    clean: KioskEvent = msgspec.convert(_without_nul(msgspec.to_builtins(event)), KioskEvent)
    return clean


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(inner) for inner in value]
    return value


def _place(body: bytes) -> _Place:
    place: _Place = decode(body, _Place)
    return place


def _checked_epoch(epoch: str) -> str:
    if not 0 < len(epoch) <= LONGEST_EPOCH or "\0" in epoch:
        raise BadMessage(f"$.events: an epoch of 1 to {LONGEST_EPOCH} characters expected")
    if epoch in RESERVED_EPOCHS:
        raise BadMessage(f"$.events: epoch {epoch!r} is the fleet's own, another one expected")
    return epoch


# --- what a database takes, per kind of event; spelled out because this runs for every event there is --------------


def _times(event: KioskEvent) -> None:
    if not (-LARGEST <= event.wall_ms <= LARGEST and -LARGEST <= event.mono_ms <= LARGEST):
        raise BadMessage("Expected a number of 63 bits - at `$.wall_ms` or `$.mono_ms`")


def _sum(value: int, where: str) -> None:
    if not 0 <= value <= LARGEST_SUM:
        raise BadMessage(f"Expected a number from 0 to 2**47 - at `$.{where}`")


def _names(where: str, *names: str) -> None:
    if any(len(name) > LONGEST_NAME for name in names):
        raise BadMessage(f"Expected at most {LONGEST_NAME} characters - at {where}")


def _play(event: AdvertPlayed) -> None:
    _times(event)
    _sum(event.shown_ms, "shown_ms")
    _sum(event.how_ms, "how_ms")


def _seen(event: FacingsSeen) -> None:
    _times(event)
    for facing, times, shown_ms in event.seen:
        _sum(facing, "seen[...][0]")
        _sum(times, "seen[...][1]")
        _sum(shown_ms, "seen[...][2]")
    if not -LARGEST <= event.minute <= LARGEST:
        raise BadMessage("Expected a number of 63 bits - at `$.minute`")


def _sale(event: SaleMade) -> None:
    _times(event)
    _sum(event.total_minor, "total_minor")
    _names("`$.order`, `$.reference` or `$.claim_code`", event.order, event.reference, event.claim_code)
    if len(event.currency) > 8:
        raise BadMessage("Expected a currency of ISO 4217 - at `$.currency`")
    for line in event.lines:
        _names("`$.lines[...].gtin`", line.gtin)
        for value in (line.quantity, line.price_minor, line.total_minor, line.facing):
            if abs(value) > LARGEST_SUM:  # a discount is negative
                raise BadMessage("Expected a number up to 2**47 - at `$.lines[...]`")


def _refund(event: RefundWanted) -> None:
    _times(event)
    _sum(event.total_minor, "total_minor")
    _names("`$.order` or `$.reference`", event.order, event.reference)


def _gap(event: Gap) -> None:
    _times(event)
    for value in (event.from_ms, event.until_ms, event.first):
        if not -LARGEST <= value <= LARGEST:
            raise BadMessage("Expected a number of 63 bits - at `$.first`, `$.from_ms` or `$.until_ms`")
    for value in _numbers(event):
        _sum(value, "counts, plays, seen or lost")


def _numbers(event: Gap) -> Iterable[int]:
    yield event.lost
    yield from event.counts.values()
    for _, *numbers in event.plays:
        yield from numbers
    for _, *numbers in event.seen:
        yield from numbers
    for each in event.showings:
        yield from (each.times, each.shown_ms, each.drawn, each.present, each.touched, each.how_ms)


_CHECKS: Final[dict[Any, Callable[[Any], None]]] = {
    AdvertPlayed: _play, FacingsSeen: _seen, Engaged: _times, Scanned: _times, SaleMade: _sale, RefundWanted: _refund,
    Gap: _gap,
}  # fmt: skip


def contradiction(gap: Gap) -> str:
    """What is wrong with a gap by itself; "" where nothing is."""
    if not 1 <= gap.first <= gap.seq:
        return f"it stands for {gap.first} to {gap.seq}"
    if unknown := gap.counts.keys() - FOLDED:
        return f"it folds events of type {', '.join(sorted(unknown))}"
    if sum(gap.counts.values()) > gap.seq - gap.first + 1:
        return f"it counts more events than {gap.first} to {gap.seq} are"
    if sum(times for _, times, _ in gap.plays) > gap.counts.get("play", 0):
        return "it has more plays than events of them"
    left = Counter[str]()
    for advert, times, _ in gap.plays:
        left[advert] += times
    for each in gap.showings:
        left[each.advert] -= each.times
        if max(each.drawn, each.present, each.touched) > each.times:
            return "more of its plays were confirmed than there were"
    if any(times < 0 for times in left.values()):
        return "its plays by creative are more than its plays"
    return ""
