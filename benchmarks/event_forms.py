"""Bytes and time of an event in its compact form and as a CloudEvent, one by one and fifty to a batch.

python -m benchmarks.event_forms
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from mqtt.cloudevents import CloudEvent, batch, from_cloudevent, read_batch, to_cloudevent
from mqtt.messages import AdvertPlayed, Batch, Engaged, KioskEvent, Line, SaleMade, decode, encode
from mqtt.topics import Address

ADDRESS = Address("acme", "berlin-hbf", "K1")
BOOT = "3f6d2a9c-8f0e-4f57-9a55-1f1f7f6a4c11"
ROUNDS = 200


def events(count: int) -> list[KioskEvent]:
    """As a station makes them: four plays, four engagements, one sale."""
    made: list[KioskEvent] = []
    for seq in range(1, count + 1):
        place: dict[str, Any] = {
            "epoch": "9f2c41d07be3", "seq": seq, "wall_ms": 1795348800123 + 7919 * seq, "mono_ms": 86400123 + 7919 * seq,
            "boot": BOOT, "clock": "synced",
        }  # fmt: skip
        match seq % 9:
            case 0:
                line = Line(
                    gtin="04006381333931",
                    name="Vollmilch 3,5 %",
                    quantity=2,
                    price_minor=129,
                    total_minor=229,
                )
                made.append(SaleMade(
                    **place, order="7K3Q9D2M5XVA8PB", reference="7K3Q9D2M5XVA8PB1", method="link", currency="EUR",
                    total_minor=229, lines=(line,), version="2026-11-22.1", claim_code="K7Q2-M4XD",
                ))  # fmt: skip
            case odd if odd % 2:
                made.append(AdvertPlayed(**place, advert="breakfast", shown_ms=8000, version="2026-11-22.1"))
            case _:
                made.append(Engaged(**place, what="add", detail="04006381333931", facing=17))
    return made


def micros(work: Callable[[], object], each: int) -> float:
    """Of the quickest round, per event."""
    best = min(_once(work) for _ in range(ROUNDS))
    return best / each * 1e6


def _once(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    fifty = events(50)
    forms: list[tuple[str, bytes, Callable[[], object], Callable[[], object]]] = []
    compact = encode(Batch(events=tuple(fifty)))
    clouds = batch(ADDRESS, fifty)
    forms.append((
        "compact batch of 50", compact, lambda: encode(Batch(events=tuple(fifty))), lambda: decode(compact, Batch)
    ))  # fmt: skip
    forms.append(
        ("CloudEvents batch of 50", clouds, lambda: batch(ADDRESS, fifty), lambda: read_batch(clouds))
    )
    print(f"{'':28}{'bytes/event':>12}{'deflated':>10}{'write us':>10}{'read us':>10}")
    for name, data, write, read in forms:
        print(
            f"{name:28}{len(data) / 50:12.0f}{len(zlib.compress(data)) / 50:10.0f}"
            f"{micros(write, 50):10.2f}{micros(read, 50):10.2f}"
        )
    for kind in (AdvertPlayed, Engaged, SaleMade):
        event = next(one for one in fifty if isinstance(one, kind))
        alone, cloud = encode(event), msgspec.json.encode(to_cloudevent(ADDRESS, event))
        assert from_cloudevent(msgspec.json.decode(cloud, type=CloudEvent)) == (ADDRESS, event)
        print(f"{kind.__name__:28}{len(alone):12}{len(cloud):12} as a CloudEvent")


if __name__ == "__main__":
    main()
