"""Commands to kiosks: given by people, sent, followed until they end. What is heard is kept by a thread of its own.

A kiosk tells an end until CommandNoted says that it is stored; so what finds no room here, or meets a database that is away,
comes again by itself.
"""

from __future__ import annotations

import fnmatch
import logging
import queue
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from content.references import CROCKFORD
from fleet.clock import Clock
from fleet.live import Hub
from fleet.operating.command_book import BadState, CommandBook, Entry
from fleet.operating.desired import Desires
from fleet.store.store import Store
from fleet.tables import kiosks
from mqtt.commands import ENDS, Command, CommandNoted, CommandState, Reported, What
from mqtt.messages import BadMessage, Message, decode
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

KINDS: Final[tuple[str, ...]] = get_args(What)
ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "identify": ("seconds", "colour"), "collect-logs": ("minutes",), "self-test": ("device",),
}  # fmt: skip
MOST_KIOSKS: Final = 2_000  # of one command
MOST_VALID_S: Final = 86_400
WAITING: Final = 1_000  # words of kiosks that wait to be kept
EVERY_S: Final = 5.0  # from one look at what nobody answers to the next

Send = Callable[[Address, Message, int | None], bool]


class BadCommand(ValueError):
    """A command that cannot be given; says what was expected."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done."""

    what: str
    who: str
    why: str
    arguments: dict[str, str]
    valid_s: int = 60
    force: bool = False

    def check(self) -> None:
        """Raises BadCommand."""
        if self.what not in KINDS:
            raise BadCommand(f"{self.what[:40]!r}: expected one of {', '.join(KINDS)}")
        if not self.who.strip() or not self.why.strip():
            raise BadCommand("who asks, and why? Both are told to the kiosk and kept")
        if len(self.who) > 60 or len(self.why) > 200:
            raise BadCommand("a name has at most 60 characters, a reason 200")
        if not 1 <= self.valid_s <= MOST_VALID_S:
            raise BadCommand(f"valid for {self.valid_s} s: expected 1 to {MOST_VALID_S}")
        known = ARGUMENTS.get(self.what, ())
        for name, value in self.arguments.items():
            if name not in known:
                raise BadCommand(
                    f"{self.what} has no argument {name[:32]!r}; it has {', '.join(known) or 'none'}"
                )
            if len(value) > 64:
                raise BadCommand(f"{name}: at most 64 characters")


class Commands:
    """Gives them and follows them."""

    def __init__(self, store: Store, send: Send, live: Hub, clock: Clock) -> None:
        self._store, self._send, self._live, self._clock = store, send, live, clock
        self.book = CommandBook(store)
        self.desires = Desires(store, send, live, clock)
        self.counters: Counter[str] = Counter()
        self._heard: queue.Queue[tuple[Address, bytes] | Address | None] = queue.Queue(WAITING)
        self._reports: dict[
            Address, bytes
        ] = {}  # the latest of each kiosk: one that never stops fills no memory
        self._guard = threading.Lock()  # of that
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        """Begin to keep what is heard."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        try:
            self._heard.put(None, timeout=2.0)
        except queue.Full:
            log.warning("words of kiosks are left; they come again")
        if self._thread.is_alive():
            self._thread.join(2.0)

    # --- for people -------------------------------------------------------------------------------------------

    def targets(self, pattern: str) -> list[Address]:
        """The kiosks a pattern means: an address (known or not), a glob over the known ones ("demo/*/K?"), a site ("demo/s1"), or
        the name of a kiosk where only one has it. Raises BadCommand where it means none, or too many.
        """
        if not any(sign in pattern for sign in "*?[") and pattern.count("/") == 2:
            try:
                return [Address(*pattern.split("/"))]
            except BadTopic as error:
                raise BadCommand(str(error)) from None
        with self._store.read() as connection:
            known = sorted(connection.scalars(select(kiosks.c.kiosk)))
        found = [
            one
            for one in known
            if fnmatch.fnmatchcase(one, pattern) or fnmatch.fnmatchcase(one, f"{pattern}/*")
        ]
        if not found:
            found = [one for one in known if one.rpartition("/")[2] == pattern]
            if len(found) > 1:
                raise BadCommand(f"{pattern}: which of {', '.join(found[:5])}?")
        if not found:
            raise BadCommand(f"{pattern[:98]!r}: no kiosk of that name has been heard of")
        if len(found) > MOST_KIOSKS:
            raise BadCommand(f"{pattern}: {len(found)} kiosks; at most {MOST_KIOSKS} at once")
        return [Address(*one.split("/")) for one in found]

    def give(self, addresses: Sequence[Address], wish: Wish) -> list[str]:
        """Give a command to kiosks; their ids, in that order. Raises BadCommand, and nothing is given then."""
        wish.check()
        ids: list[str] = []
        for address in addresses:
            command = Command(
                id="".join(secrets.choice(CROCKFORD) for _ in range(16)), what=wish.what, by=wish.who.strip(),  # type: ignore[arg-type]
                why=wish.why.strip(), at_ms=self._clock(), valid_s=wish.valid_s, force=wish.force, arguments=wish.arguments,
            )  # fmt: skip
            self.book.enter(str(address), command)
            if not self._send(address, command, command.valid_s):
                self.counters["unsent"] += 1  # sent when the kiosk appears, if it is still worth it then
            self.counters["given"] += 1
            ids.append(command.id)
            self._tell(command.id, str(address), "sent")
        return ids

    # --- what comes, from the network's threads ---------------------------------------------------------------

    def heard(self, address: Address, payload: bytes) -> None:
        """How far a command is."""
        self._put((address, payload))

    def reported(self, address: Address, payload: bytes) -> None:
        """How a kiosk is."""
        with self._guard:
            self._reports[address] = payload

    def appeared(self, address: Address) -> None:
        """A kiosk was heard of: it gets what it has not heard and may still begin, and how it is to be."""
        self._put(address)

    def _put(self, item: tuple[Address, bytes] | Address) -> None:
        try:
            self._heard.put_nowait(item)
        except queue.Full:
            self.counters["no-room"] += 1

    # --- in the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        looked = 0
        while True:
            try:
                item = self._heard.get(timeout=min(EVERY_S, 0.5))
            except queue.Empty:
                item = ()  # type: ignore[assignment]
            if item is None:
                return
            try:
                self._do(item)
                if self._clock() - looked >= EVERY_S * 1000 or looked > self._clock():
                    looked = self._clock()
                    self.look()
            except SQLAlchemyError as error:
                self.counters["store-away"] += 1
                log.error("commands cannot be kept now: %s", str(error).splitlines()[0])
            except Exception:
                self.counters["faults"] += 1
                log.exception("a word of a kiosk could not be kept")

    def _do(self, item: tuple[Address, bytes] | Address) -> None:
        with self._guard:
            reports, self._reports = self._reports, {}
        for one, payload in reports.items():
            self._report(one, payload)
        if isinstance(item, Address):
            for command in self.book.waiting(str(item), self._clock()):
                left_s = max(1, (command.at_ms - self._clock()) // 1000 + command.valid_s)
                self._send(item, command, left_s)
            self.desires.appeared(item)
        elif item:
            self._keep(*item)

    def _keep(self, address: Address, payload: bytes) -> None:
        try:
            said: CommandState = decode(payload, CommandState)
            taken = self.book.take(str(address), said, self._clock())
        except (BadMessage, BadState) as error:
            self.counters["refused"] += 1
            log.warning("what %s says of a command was refused: %s", address, error)
            return
        self.counters[taken] += 1
        if taken == "kept":
            self._tell(said.id, str(address), said.state)
        if taken != "more" and said.state in ENDS:
            self._send(address, CommandNoted(id=said.id, state=said.state), None)

    def _report(self, address: Address, payload: bytes) -> None:
        try:
            self.desires.reported(address, decode(payload, Reported))
        except BadMessage as error:
            self.counters["refused"] += 1
            log.warning("how %s says it is was refused: %s", address, error)

    def look(self) -> None:
        """End what nobody answers, forget old results."""
        for entry in self.book.give_up(self._clock()):
            self._tell(entry.id, entry.kiosk, entry.state)
        self.book.sweep(self._clock())

    def _tell(self, command_id: str, kiosk: str, state: str) -> None:
        self._live.tell("command", {"id": command_id, "kiosk": kiosk, "state": state})


__all__ = ["BadCommand", "Commands", "Entry", "Wish"]
