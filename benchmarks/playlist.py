"""Choosing what plays next: a chooser that is fair for an hour must not cost a frame. `python -m benchmarks.playlist`.

200 creatives in four playlists: the operator's by contract, booked shares, targets with hours and flights, and those that take
turns; the history is a full hour of eight-second slides. A choice is made once per slide.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import date

from benchmarks._table import table
from content.playlist import Creative, History, Pacing, Playlist, PlaylistEntry, next_play, plan_of, played
from content.playlist.plan import Plan
from content.schedule import Hours, Window, is_on, next_change

NOW = 1_795_431_600  # 2026-11-23 11:00 UTC, a Monday
CREATIVES = [Creative(key=f"c{n}", picture="", headlines={}) for n in range(200)]
DAYPARTS = [
    Hours(timezone="Europe/Berlin", windows=(Window(days=tuple(range(7)), since=a * 60, until=b * 60),),
          since=date(2026, 11, 1), until=date(2026, 12, 31))
    for a, b in ((6, 10), (10, 16), (16, 20), (20, 2))
]  # fmt: skip
LIMIT_US = 20_000.0  # a frame at 50 per second


def entries(first: int, last: int, **more: object) -> tuple[PlaylistEntry, ...]:
    return tuple(
        PlaylistEntry(creative=f"c{n}", booking=f"B{n}", most_per_hour=30, hours=DAYPARTS[n % 4], **more)  # type: ignore[arg-type]
        for n in range(first, last)
    )


def playlists() -> list[Playlist]:
    return [
        Playlist(key="operator", entries=entries(0, 20), contract_per_mille=200),
        Playlist(key="booked", entries=entries(20, 60, share_per_mille=10)),
        Playlist(key="paced", entries=entries(60, 120, pacing=Pacing(plays_per_day=20))),
        Playlist(key="turns", entries=entries(120, 200)),
    ]


def an_hour(plan: Plan) -> tuple[History, int, list[float]]:
    """An hour of slides, and what each choice took in microseconds."""
    history, mono, took = History(), 0, []
    while mono < 3_600_000:
        began = time.perf_counter()
        choice = next_play(plan, history, NOW + mono // 1000, mono)
        took.append((time.perf_counter() - began) * 1e6)
        history = played(history, plan, choice.slot, choice.kind, choice.owed, mono, choice.ms)
        mono += choice.ms
    return history, mono, took


def micros(work: object, rounds: int = 200) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()  # type: ignore[operator]
        took.append((time.perf_counter() - began) * 1e6)
    return statistics.median(took)


def main() -> int:
    """Print the table; 1 where a choice takes longer than a frame."""
    plan = plan_of(CREATIVES, playlists())
    history, mono, took = an_hour(plan)
    took.sort()
    slide = next_play(plan, history, NOW, mono)
    slowest = took[int(len(took) * 0.99)]
    rows = [
        ("a choice among 200, over an hour, median", statistics.median(took), LIMIT_US),
        ("the same, 99th percentile", slowest, LIMIT_US),
        ("making the plan of a store, once per choice", micros(lambda: plan_of(CREATIVES, playlists())), LIMIT_US),
        ("counting a play", micros(lambda: played(history, plan, slide.slot, slide.kind, slide.owed, mono, slide.ms)), LIMIT_US),
        ("is_on, a daypart with flight dates", micros(lambda: is_on(DAYPARTS[3], NOW)), None),
        ("next_change of the same", micros(lambda: next_change(DAYPARTS[3], NOW)), None),
    ]  # fmt: skip
    table("Choosing what plays next, microseconds", ("what", "us", "limit"), rows)
    return int(slowest > LIMIT_US)


if __name__ == "__main__":
    sys.exit(main())
