"""Two thousand simulated kiosks get a release: some fail, some say nothing. Real plan, real store (SQLite), played time.

    python -m benchmarks.rollouts [--kiosks 2000] [--failing 5] [--silent 3] [--seed 1]

Each kiosk hears what is wanted within ten minutes, fetches for up to twenty, and is watched for ten. A failing one has
tried the release and gone back; a silent one says nothing at all. The same dice for every row.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._table import table
from fleet.live import Hub
from fleet.operating.desired import Desires
from fleet.rollouts.book import Detail, RolloutBook, Wish
from fleet.rollouts.ring_text import ring_of
from fleet.store.store import Store
from mqtt.commands import Desired, Reported, Running
from mqtt.messages import Message, Presence
from mqtt.topics import Address

START = 1_800_000_000_000
MINUTE = 60_000
OLD, NEW = "metro-000041", "metro-000042"
STRICT = (
    "pilot: percent=5 success=90 errors=3 soak=30m deadline=2h",
    "quarter: percent=25 success=90 error-percent=5 soak=30m deadline=2h",
    "rest: success=90 error-percent=5 soak=30m deadline=2h",
)
WIDE = tuple(
    text.replace("errors=3", "error-percent=15").replace("error-percent=5", "error-percent=10")
    for text in STRICT
)
LOUD = tuple(text.replace("errors=3", "error-percent=7") + " silent=error" for text in STRICT)


@dataclass
class Played:
    """A fleet and its kiosks, in played time."""

    store: Store
    dice: random.Random
    failing: frozenset[str]
    silent: frozenset[str]
    now: int = START
    due: list[tuple[int, str, Desired]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def send(self, address: Address, message: Message, _expires_s: int | None) -> bool:
        """A kiosk hears it, and will say how it went."""
        kiosk = str(address)
        if isinstance(message, Desired) and kiosk not in self.silent:
            minutes = self.dice.uniform(0, 10) + self.dice.uniform(1, 20) + 10
            heapq.heappush(self.due, (self.now + int(minutes * MINUTE), kiosk, message))
        return True

    def answers(self) -> Iterator[tuple[str, Reported]]:
        """What is said by now."""
        while self.due and self.due[0][0] <= self.now:
            _, kiosk, wanted = heapq.heappop(self.due)
            name = wanted.content.name if wanted.content else OLD
            rollout = wanted.content.rollout if wanted.content else ""
            failed = kiosk in self.failing and name == NEW
            running = Running(
                name=OLD if failed else name, confirmed=True, target=name, rollout=rollout,
                phase="failed" if failed else "", reason="unhealthy" if failed else "",
            )  # fmt: skip
            yield kiosk, Reported(version=wanted.version, wall_ms=self.now, content=running)


def played(folder: Path, count: int, failing: int, silent: int, seed: int) -> tuple[Played, list[str]]:
    """Kiosks that run the release before; `failing` and `silent` percent of them will."""
    kiosks = [f"metro/s{number // 20:03}/K{number % 20:02}" for number in range(count)]
    dice = random.Random(seed)
    mixed = dice.sample(kiosks, count)
    bad = count * failing // 100
    here = Played(
        Store(f"sqlite:///{folder / 'fleet.db'}"), dice, frozenset(mixed[:bad]),
        frozenset(mixed[bad : bad + count * silent // 100]),
    )  # fmt: skip
    word = Presence(state="ready", boot="b", since_ms=1)
    here.store.last_words([(kiosk, word) for kiosk in kiosks], START)
    return here, kiosks


def roll_out(here: Played, rings: tuple[str, ...], *, undo: bool = False) -> tuple[Detail, int, int]:
    """Until it has ended or stopped: how it stands, how long it took in played minutes, how many tried the release.

    `undo`: a stopped one is rolled back, and carried on until each has what it had.
    """
    hub = Hub()
    desires = Desires(here.store, here.send, hub, lambda: here.now)
    book = RolloutBook(
        here.store, desires, hub, lambda: here.now, ids=lambda: "MEASURED"
    )  # the same rings each time
    wish = Wish(kind="content", target=NEW, rings=tuple(ring_of(text) for text in rings))
    one = book.make(wish, "ada", "measured").id
    book.act(one, "submit", "ada", "measured")
    book.act(one, "approve", "bo", "measured")
    while True:
        began = time.perf_counter()
        while book.carry_on(one):
            pass
        here.took.append(time.perf_counter() - began)
        state = book.detail(one).rollout.state
        if state == "stopped" and undo:
            book.act(one, "roll-back", "bo", "it failed")
            undo = False
        elif state in ("stopped", "finished") or (state == "rolled-back" and one not in book.alive()):
            break
        here.now += MINUTE
        for kiosk, said in here.answers():
            desires.reported(Address(*kiosk.split("/")), said)
    detail = book.detail(one)
    return detail, (here.now - START) // MINUTE, sum(member.assigned_ms > 0 for member in detail.members)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("kiosks", 2000), ("failing", 5), ("silent", 3), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    found = []
    for name, rings, undo in (
        ("3 errors stop the pilot", STRICT, False), ("the same, rolled back", STRICT, True),
        ("7 %, silence is an error", LOUD, False), ("wide: 15 %, then 10 %", WIDE, False),
    ):  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            here, _ = played(Path(folder), options.kiosks, options.failing, options.silent, options.seed)
            detail, minutes, given = roll_out(here, rings, undo=undo)
            here.store.close()
        scores = detail.scores()
        begun = detail.rollout.ring
        found.append(
            (
                name, f"{detail.rollout.state} in {detail.rollout.rings[begun].name}", f"{minutes // 60} h {minutes % 60:02}",
                given, sum(one.confirmed for one in scores), sum(one.failed for one in scores),
                sum(one.silent for one in scores), options.kiosks - given, 1000 * max(here.took),
            )
        )  # fmt: skip
    table(
        f"A release for {options.kiosks} kiosks, {options.failing} % fail and {options.silent} % say nothing",
        (
            "thresholds", "ended", "played time", "were given it", "confirmed", "failed", "silent", "never touched",
            "longest look, ms",
        ),
        found,
    )  # fmt: skip


if __name__ == "__main__":
    main()
