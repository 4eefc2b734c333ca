"""What a kiosk can find out about itself without a person: a list of checks, each with what was found.

A device's guided test needs hands (docs/technician.md); here its state is told as its supervisor sees it, which has spoken
with the device since it was last plugged in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.ledger import Ledger, LedgerError
from kiosk.operated.hands import Outcome
from kiosk.peripherals.peripherals import DeviceState

LEAST_FREE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    good: bool
    found: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the owner's thread knows, handed to the job."""

    devices: Mapping[str, DeviceState]
    screens: int
    clock: str
    store: str  # version that is sold from
    failed_steps: int
    configured: frozenset[str]  # names of devices that are to be there


def checks(facts: Facts, ledger: Ledger, state: Path, device: str) -> list[Check]:
    """All checks; of the devices only `device` where one is named."""
    wanted = {name: one for name, one in facts.devices.items() if not device or name == device}
    wanted = {name: one for name, one in wanted.items() if name in facts.configured or one.state != "absent"}
    found = [
        Check(f"device {name}", one.state == "ready", f"{one.state} {one.detail}".strip())
        for name, one in sorted(wanted.items())
    ]
    if device:
        return found or [Check(f"device {device}", False, "no such device is configured")]
    return [
        *found,
        Check("screen", facts.screens > 0, f"{facts.screens} connected"),
        Check("clock", facts.clock != "unsynced", facts.clock),
        Check("store", bool(facts.store), facts.store or "none"),
        Check("core", facts.failed_steps == 0, f"{facts.failed_steps} steps failed since the start"),
        _ledger(ledger),
        _room(state),
    ]


def _ledger(ledger: Ledger) -> Check:
    """Whether it can be written: the same word as before, in a transaction of its own."""
    try:
        ledger.keep("self-test", b"1")
        acked, last = ledger.bounds()
    except LedgerError as error:
        return Check("ledger", False, str(error))
    return Check("ledger", True, f"written; {last - acked} events wait for the fleet")


def _room(state: Path) -> Check:
    try:
        found = os.statvfs(state)
    except OSError as error:
        return Check("disk", False, f"{state}: {error.strerror}")
    free = found.f_bavail * found.f_frsize
    return Check("disk", free >= LEAST_FREE, f"{free // 2**20} MiB free")


def report(found: Iterable[Check]) -> Outcome:
    """As a text for people; failed where anything is amiss."""
    rows = list(found)
    amiss = [row.name for row in rows if not row.good]
    text = "\n".join(f"{'ok  ' if row.good else 'FAIL'}  {row.name}: {row.found}" for row in rows) + "\n"
    return Outcome(
        "failed" if amiss else "done",
        "self-test" if amiss else "",
        ", ".join(amiss)[:200],
        "text/plain",
        text.encode(),
    )
