"""Sells and notes without end, saying after each commit what is committed, until it is killed."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from tests.kiosk.orders import engaged, payment, sale_of

if __name__ == "__main__":
    ledger = Ledger(Path(sys.argv[1]), SystemClock())
    for number in count():
        order = f"{number:015d}"
        paid = payment(order)
        ledger.remember(paid)
        sys.stdout.write(f"remembered {paid.reference}\n")
        sys.stdout.flush()
        ledger.note(engaged())
        if ledger.record_sale(paid, "K7Q2-9MXT", sale_of(paid)) == "recorded":
            sys.stdout.write(f"sold {paid.reference}\n")
            sys.stdout.flush()
