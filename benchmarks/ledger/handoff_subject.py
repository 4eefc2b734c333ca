"""For benchmarks.ledger.handoff: notes, reads and sells while the ledger's thread commits, and prints how long each took."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.ledger.said import payment, play, sale
from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger

NOTES, SALES = 3_000, 60


def main() -> None:
    """One line a call: name, p50, p99, worst, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite", SystemClock())
        pause = threading.Event()
        taken: dict[str, list[float]] = {"note": [], "standing (a read)": [], "events_after (a read)": []}
        for number in range(NOTES):
            _timed(taken["note"], lambda number=number: ledger.note(play(number)))  # type: ignore[misc]
            if number % 10 == 0:
                _timed(taken["standing (a read)"], lambda: ledger.standing("0" * 16))
                _timed(taken["events_after (a read)"], lambda: ledger.events_after(0, 50, 16_384))
            pause.wait(0.001)
        taken["remember a payment"], taken["record_sale"] = [], []
        for number in range(SALES):
            paid = payment(number)
            ledger.note(play(number))
            _timed(taken["remember a payment"], lambda paid=paid: ledger.remember(paid))  # type: ignore[misc]
            event = sale(paid)
            _timed(taken["record_sale"], lambda: ledger.record_sale(paid, "K7Q2-9MXT", event))  # noqa: B023
        ledger.close()
    for name, times in taken.items():
        times.sort()
        p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
        print(name, times[len(times) // 2] * 1000, p99 * 1000, times[-1] * 1000, sep="\t")


def _timed(times: list[float], work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    times.append(time.perf_counter() - start)


if __name__ == "__main__":
    main()
