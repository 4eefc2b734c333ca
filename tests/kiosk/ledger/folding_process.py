"""Notes, sells and folds without end, until it is killed."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from tests.kiosk.ledger.events import START, play
from tests.kiosk.orders import payment, sale_of

if __name__ == "__main__":
    ledger = Ledger(Path(sys.argv[1]), SystemClock(), limit_bytes=300_000)
    begin = ledger.bounds()[1]
    for number in count(begin):
        for _ in range(1_500):
            ledger.note(play(START))
        paid = payment(f"{number:015d}")
        ledger.record_sale(paid, "K7Q2-9MXT", sale_of(paid))
        ledger.flush()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
