"""Writes until it has done enough, and ends as a power cut ends a process: without closing anything.

What it says is kept goes to a witness with its sequence number, once it could have been sent to the fleet.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from mqtt.messages import KioskEvent, decode
from tests.faults.kiosk_process import Recorder
from tests.faults.oracle import told
from tests.faults.straw import StrawOutbox
from tests.faults.witness import Witness

LARGE = 256 * 1024


def sendable(ledger: Ledger, after: int) -> list[tuple[int, str]]:
    """What may be sent behind a place: (place, "id@seq") of each."""
    found = []
    for place, body in ledger.events_after(after, 1_000, LARGE):
        event: KioskEvent = decode(body, KioskEvent)
        found.append((place, f"{told(event).id}@{event.seq}"))
    return found


def main(kind: str, path: Path, says: Path, steps: int) -> None:
    """`kind`: ledger, or the synchronous= of an outbox of straw."""
    witness = Witness(says)
    if kind != "ledger":
        outbox = StrawOutbox(path, kind)
        for number in range(steps):
            outbox.add(f"{number}")
            witness.durable(f"{number}")
        os._exit(0)
    clock = SystemClock()
    ledger = Ledger(path, clock)
    recorder = Recorder(ledger, clock, witness, "000000001", seed=1)
    after = 0
    for _ in range(steps):
        recorder.step()
        for place, name in sendable(ledger, after):
            witness.durable(name)
            after = place
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
