"""What a kiosk tried to record and what it was told is durable, written where no fault of the campaign reaches.

One line each, appended with one write(2): a process killed after it has lost nothing of it. `T kind id minor`: tried
from here on; `D id`: the ledger has said that it is kept; `E epoch seq`: at the end nothing waits any more;
`X text`: something that must not happen.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tried:
    """An event a kiosk meant to record. `id` is in it, and in no other; `minor` is its money, 0 for none."""

    kind: str  # sale | refund | engagement | play | scan | impressions
    id: str
    minor: int = 0


class Witness:
    """Appends to a file."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._fsync = fsync

    def tried(self, *events: Tried) -> None:
        """Said before anything is asked of the ledger."""
        self._say("".join(f"T {one.kind} {one.id} {one.minor}\n" for one in events))

    def durable(self, *ids: str) -> None:
        """Said when the ledger has returned."""
        self._say("".join(f"D {one}\n" for one in ids))

    def ended(self, epoch: str, seq: int) -> None:
        """Nothing waits any more."""
        self._say(f"E {epoch} {seq}\n")

    def wrong(self, text: str) -> None:
        """Something that must not happen has."""
        self._say(f"X {text}\n")

    def _say(self, text: str) -> None:
        os.write(self._file, text.encode())
        if self._fsync:
            os.fsync(self._file)


@dataclass(slots=True)
class Account:
    """All that one witness has written."""

    tried: dict[str, Tried] = field(default_factory=dict)
    durable: set[str] = field(default_factory=set)
    twice: Counter[str] = field(default_factory=Counter)  # ids that were tried as two different events
    ended: tuple[str, int] | None = None
    wrong: list[str] = field(default_factory=list)


def read(path: Path) -> Account:
    """What was written; a line without its end was never said."""
    account = Account()
    text = path.read_text() if path.exists() else ""
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        word, rest = line[0], line[2:].rstrip("\n")
        if word == "T":
            kind, name, minor = rest.split(" ")
            event = Tried(kind, name, int(minor))
            if account.tried.setdefault(name, event) != event:
                account.twice[name] += 1
        elif word == "D":
            account.durable.add(rest)
        elif word == "E":
            epoch, seq = rest.split(" ")
            account.ended = epoch, int(seq)
        else:
            account.wrong.append(rest)
    return account
