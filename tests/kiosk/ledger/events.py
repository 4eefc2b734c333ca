"""Events for an outbox, and what a stretch of it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from mqtt.messages import AdvertPlayed, Engaged, FacingsSeen, Gap, KioskEvent, RefundWanted, SaleMade, Scanned
from tests.kiosk.orders import payment, refund_of, sale_of

HOUR = 3_600_000
START = 480_000 * HOUR  # some hour of 2024


def heading(wall_ms: int) -> dict[str, object]:
    return {"epoch": "", "seq": 0, "wall_ms": wall_ms, "mono_ms": 1, "boot": "b"}


def play(wall_ms: int = START, advert: str = "milk", shown_ms: int = 5_000) -> AdvertPlayed:
    return AdvertPlayed(
        epoch="", seq=0, wall_ms=wall_ms, mono_ms=1, boot="b", advert=advert, shown_ms=shown_ms
    )


def seen(wall_ms: int, facings: Iterable[tuple[int, int, int]], aisle: str = "dairy") -> FacingsSeen:
    return FacingsSeen(
        epoch="", seq=0, wall_ms=wall_ms, mono_ms=1, boot="b", aisle=aisle, minute=wall_ms // 60_000,
        seen=tuple(facings),
    )  # fmt: skip


def small_events() -> st.SearchStrategy[KioskEvent]:
    """Events that may be folded, of two hours and with a clock that jumps."""
    wall = st.integers(0, 2 * HOUR - 1).map(lambda ms: START + ms)
    facing = st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(1, 60_000))
    return st.one_of(
        st.builds(play, wall, st.sampled_from(["milk", "bread", "牛奶"]), st.integers(0, 60_000)),
        st.builds(
            lambda made, creative, booking, ended, drawn, how: replace(
                made,
                creative=creative * 64,
                name=creative,
                booking=booking,
                ended=ended,
                drawn=drawn,
                touched=ended == "person" and drawn,
                how_ms=how,
            ),
            st.builds(play, wall),
            st.sampled_from("ab"),
            st.sampled_from(["", "B-1", "B-2"]),
            st.sampled_from(["end", "person"]),
            st.booleans(),
            st.integers(0, 30_000),
        ),
        st.builds(
            seen, wall, st.lists(facing, max_size=4, unique_by=lambda one: one[0]), st.sampled_from("ab")
        ),
        wall.map(
            lambda ms: Engaged(epoch="", seq=0, wall_ms=ms, mono_ms=1, boot="b", what="add", clock="synced")
        ),
        wall.map(
            lambda ms: Scanned(
                epoch="", seq=0, wall_ms=ms, mono_ms=1, boot="b", kind="gtin", outcome="product"
            )
        ),
    )


def runs() -> st.SearchStrategy[list[KioskEvent]]:
    """What a kiosk may say in a while: runs of small events within a moment, money between them."""
    run = st.builds(
        lambda events, repeat: events * repeat,
        st.lists(small_events(), min_size=1, max_size=4),
        st.integers(1, 5),
    )
    money = st.integers(0, 10**6).map(
        lambda number: [sale_of(payment(f"{number:015d}")) if number % 2 else refund_of(f"{number:015d}0")]
    )
    return st.lists(st.one_of(run, run, money), max_size=12).map(
        lambda parts: [one for part in parts for one in part]
    )


def sums(events: Iterable[KioskEvent]) -> dict[str, Counter[object]]:
    """What events come to by the hour, folded or not: exactly what an operator's reports are made of."""
    found: dict[str, Counter[object]] = {
        name: Counter() for name in ("showings", "count", "plays", "shown", "seen", "looked", "lost", "money")
    }
    for event in events:
        if isinstance(event, SaleMade | RefundWanted):
            found["money"][event.reference] += event.total_minor
            continue
        if isinstance(event, Gap):
            hour = event.from_ms // HOUR
            assert hour == event.until_ms // HOUR == event.wall_ms // HOUR
            found["count"].update({(kind, hour): count for kind, count in event.counts.items()})
            plays, facings = event.plays, event.seen
            found["lost"]["lost"] += event.lost
        else:
            moment = event.minute * 60_000 if isinstance(event, FacingsSeen) else event.wall_ms
            hour = moment // HOUR
            found["count"][str(type(event).__struct_config__.tag), hour] += 1
            plays = ((event.advert, 1, event.shown_ms),) if isinstance(event, AdvertPlayed) else ()
            facings = (
                tuple((event.aisle, *one) for one in event.seen) if isinstance(event, FacingsSeen) else ()
            )
        for figures in shown_of(event):
            found["showings"].update(
                {(*figures[:6], name, hour): figure for name, figure in enumerate(figures[6:])}
            )
        for advert, times, shown in plays:
            found["plays"][advert, hour] += times
            found["shown"][advert, hour] += shown
        for aisle, facing, times, ms in facings:
            found["seen"][aisle, facing, hour] += times
            found["looked"][aisle, facing, hour] += ms
    return {
        name: Counter({key: value for key, value in figures.items() if value})
        for name, figures in found.items()
    }


def shown_of(event: KioskEvent) -> list[tuple[object, ...]]:
    """Plays by creative and booking: six texts, then times, milliseconds, drawn, ended by a person, touched, how-it-works."""
    if isinstance(event, AdvertPlayed):
        return [
            (
                event.advert, event.creative, event.name, event.playlist, event.booking, event.kind, 1, event.shown_ms,
                event.drawn, event.ended == "person", event.touched, event.how_ms,
            )
        ]  # fmt: skip
    return [astuple(each) for each in event.showings] if isinstance(event, Gap) else []


def covered(events: Iterable[KioskEvent]) -> list[int]:
    """Every number the events stand for, in their order."""
    return [
        seq
        for event in events
        for seq in (range(event.first, event.seq + 1) if isinstance(event, Gap) else (event.seq,))
    ]
