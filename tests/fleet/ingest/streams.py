"""Streams of events as kiosks make them, gaps too, and what may become of them on the way."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from fleet.events.rows import Stored
from mqtt.messages import Gap, KioskEvent, encode
from tests.fleet.samples import KINDS, event

CAME = 1_700_000_600_000  # ten minutes after what the samples say by their clock


def gap(first: int, seq: int, epoch: str = "e1", **more: object) -> Gap:
    """A gap of plays, one for each number."""
    told: dict[str, object] = {
        "epoch": epoch, "seq": seq, "wall_ms": CAME - 1000, "mono_ms": 5, "boot": "b1", "clock": "synced", "first": first,
        "counts": {"play": seq - first + 1}, "plays": (("spring", seq - first + 1, 8000 * (seq - first + 1)),),
        "from_ms": CAME - 400_000, "until_ms": CAME - 300_000,
    }  # fmt: skip
    return Gap(**(told | more))  # type: ignore[arg-type]


def of(made: KioskEvent, kiosk: str = "t/s/k1", came: int = CAME) -> Stored:
    """An event as it goes into the store."""
    return Stored(
        kiosk=kiosk, epoch=made.epoch, seq=made.seq, body=encode(made), event=made, received_ms=came
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Stored]:
    """Whole streams of some kiosks, folded here and there."""
    found: list[Stored] = []
    streams = st.tuples(st.sampled_from(("t/s/k1", "t/s/k2")), st.sampled_from(("e1", "e2")))
    for kiosk, epoch in draw(st.lists(streams, min_size=1, max_size=3, unique=True)):
        seq = 0
        for _ in range(draw(st.integers(1, 14))):
            seq += 1
            came = CAME + draw(st.sampled_from((0, 0, 61_000, -400_000)))
            if draw(st.integers(0, 5)) == 0:
                first, seq = seq, seq + draw(st.integers(0, 4))
                found.append(of(gap(first, seq, epoch), kiosk, came))
                continue
            kind = draw(st.sampled_from(KINDS))
            more: dict[str, object] = {"clock": draw(st.sampled_from(("synced", "holdover", "unsynced")))}
            if kind in {"sale", "refund"}:
                # Some references come twice: the fleet knows the sale already, and a wall tells of it too.
                name = draw(st.sampled_from(("", "", "A", "B"))) or f"{kiosk}{epoch}{seq}"
                more |= {"reference": f"R{name}", "order": f"O{name}"}
            found.append(of(event(seq, kind, epoch, **more), kiosk, came))
    return found


@st.composite
def deliveries(draw: st.DrawFn, history: Sequence[Stored]) -> list[list[Stored]]:
    """In any order, some twice, in any batches; all of them at least once."""
    again = draw(st.lists(st.sampled_from(history), max_size=10))
    sent = draw(st.permutations([*history, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    return [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
