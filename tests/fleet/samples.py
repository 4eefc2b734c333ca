"""Events for tests: any kind at any place, as hypothesis strategies and as plain makers."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from fleet.events.rows import Stored
from mqtt.messages import (
    AdvertPlayed,
    Engaged,
    FacingsSeen,
    KioskEvent,
    Line,
    RefundWanted,
    SaleMade,
    Scanned,
    encode,
)

KINDS = ("sale", "refund", "play", "impressions", "engagement", "scan")


def event(seq: int, kind: str = "sale", epoch: str = "e1", **more: object) -> KioskEvent:
    """An event of a kind at a place."""
    place = {"epoch": epoch, "seq": seq, "wall_ms": 1_700_000_000_000 + seq, "mono_ms": seq, "boot": "b1"}
    match kind:
        case "sale":
            line = Line(
                gtin="04006381333931", name="Milk", quantity=2, price_minor=129, total_minor=258, facing=7
            )
            sale = {
                "order": f"O{seq}", "reference": f"R{seq}", "method": "link", "currency": "EUR", "total_minor": 258,
                "lines": (line,), "version": "v1",
            }  # fmt: skip
            return SaleMade(**(place | sale | more))  # type: ignore[arg-type]
        case "refund":
            refund = {
                "order": f"O{seq}",
                "reference": f"R{seq}",
                "currency": "EUR",
                "total_minor": 258,
                "reason": "late",
            }
            return RefundWanted(**(place | refund | more))  # type: ignore[arg-type]
        case "play":
            return AdvertPlayed(**(place | {"advert": "spring", "shown_ms": 8000} | more))  # type: ignore[arg-type]
        case "impressions":
            seen = {"aisle": "dairy", "minute": 28_333_333, "seen": ((7, 2, 4100), (8, 1, 900))}
            return FacingsSeen(**(place | seen | more))  # type: ignore[arg-type]
        case "engagement":
            return Engaged(**(place | {"what": "add", "detail": "04006381333931", "facing": 7} | more))  # type: ignore[arg-type]
        case _:
            return Scanned(**(place | {"kind": "gs1", "outcome": "product", "gtin": "04006381333931"} | more))  # type: ignore[arg-type]


def stored(seq: int, kind: str = "sale", kiosk: str = "t/s/k1", epoch: str = "e1") -> Stored:
    """The same, as it goes into the store; its order is of its stream alone."""
    made = event(seq, kind, epoch)
    if isinstance(made, SaleMade | RefundWanted):
        of = f"{seq}-{kiosk}-{epoch}"
        made = msgspec.structs.replace(made, order=f"O{of}", reference=f"R{of}")
    return Stored(kiosk=kiosk, epoch=epoch, seq=seq, body=encode(made), event=made, received_ms=1)


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Stored]]:
    """The events of some streams as a network may deliver them: in batches, in any order, some twice, some never."""
    streams = draw(
        st.lists(
            st.tuples(st.sampled_from(("k1", "k2")), st.sampled_from(("e1", "e2"))), min_size=1, unique=True
        )
    )
    events = [
        stored(seq, draw(st.sampled_from(KINDS)), f"t/s/{kiosk}", epoch)
        for kiosk, epoch in streams
        for seq in range(1, draw(st.integers(1, 12)) + 1)
    ]
    sent = draw(st.lists(st.sampled_from(events), max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    return [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
