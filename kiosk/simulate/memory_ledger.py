"""A ledger without a disk, by the laws of the real one: for more simulated kiosks than a disk can commit for.

What it keeps lives as long as the process. A power cut of the simulated machine (`cut`) takes what was noted and not
committed, as it does with SQLite, and nothing else. One thread commits for many of them (`Committer`).
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Final, Literal, Protocol

import msgspec

from kiosk.clock.clock import Clock
from kiosk.core.orders import Payment
from kiosk.fleet_line.line import Outgoing
from kiosk.ledger import Backlog
from kiosk.ledger.book import COMMANDS
from kiosk.ledger.money import Recorded
from kiosk.ledger.writer import GATHER_S, UNWRITTEN
from mqtt.messages import Event, RefundWanted, SaleMade

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_Row = tuple[int, bytes]
STOP_S: Final = 5.0


class _Moment(msgspec.Struct):
    """As much of an event as says when it happened."""

    wall_ms: int = 0


class KioskLedger(Outgoing, Protocol):
    """As much of kiosk.ledger.Ledger as a simulated kiosk needs; what each promises is written there."""

    @property
    def dropped(self) -> int:
        """Notes that could not be kept."""

    def note(self, event: Event) -> None:
        """Commit an event within GATHER_S."""

    def flush(self) -> None:
        """Return when everything noted so far is committed."""

    def remember(self, payment: Payment) -> None:
        """Write an open payment down."""

    def record_sale(self, payment: Payment, claim_code: str, event: SaleMade) -> Recorded:
        """Sale, settled reference and outgoing event at once."""

    def record_refund(self, event: RefundWanted) -> bool:
        """Settled reference, debt and outgoing event at once."""

    def refund_confirmed(self, reference: str) -> None:
        """The money is on its way back."""

    def backlog(self) -> Backlog:
        """What waits for the fleet."""

    def remember_command(self, command: str) -> bool:
        """False where that id was remembered before."""

    def close(self) -> None:
        """Commit what waits and end."""


class MemoryLedger:
    """See KioskLedger. Methods may be called from any thread."""

    def __init__(self, wake: Committer, clock: Clock, on_growth: Callable[[], None] = lambda: None) -> None:
        """`wake` commits what is noted. `on_growth` is called, from any thread, after events were committed."""
        self.epoch = secrets.token_hex(8)
        self.dropped = 0
        self.on_growth = on_growth
        self._committer, self._clock = wake, clock
        self._lock = threading.Lock()
        self._notes: list[Event] = []
        self._rows: list[_Row] = []
        self._last = self._bytes = self._acked_ms = 0
        self._commands: dict[str, None] = {}
        self._payments: dict[str, Payment] = {}
        self._settled: dict[str, Literal["sale", "refund"]] = {}
        self._sold: set[str] = set()
        self._owed: dict[str, str] = {}
        self._closed = False

    # --- money ------------------------------------------------------------------------------------------------

    def remember(self, payment: Payment) -> None:
        """See Ledger."""
        with self._lock:
            self._payments[payment.reference] = payment

    def record_sale(self, payment: Payment, claim_code: str, event: SaleMade) -> Recorded:
        """See Ledger."""
        reference, order = payment.reference, payment.order.order
        with self._lock:
            how = self._settled.get(reference)
            if how:
                return "recorded" if how == "sale" else "settled"
            if order in self._sold:
                return "order-sold"
            self._settled[reference] = "sale"
            self._sold.add(order)
            self._payments.pop(reference, None)
            self._append(event)
        self.on_growth()
        return "recorded"

    def record_refund(self, event: RefundWanted) -> bool:
        """See Ledger."""
        with self._lock:
            how = self._settled.get(event.reference)
            if how:
                return how == "refund"
            self._settled[event.reference] = "refund"
            self._owed[event.reference] = event.reason
            self._payments.pop(event.reference, None)
            self._append(event)
        self.on_growth()
        return True

    def refund_confirmed(self, reference: str) -> None:
        """See Ledger."""
        with self._lock:
            self._owed.pop(reference, None)

    # --- events for the fleet ---------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """See Ledger."""
        with self._lock:
            if len(self._notes) >= UNWRITTEN or self._closed:
                self.dropped += 1
                return
            self._notes.append(event)
            first = len(self._notes) == 1
        if first:
            self._committer.want(self)

    def flush(self) -> None:
        """See Ledger."""
        self.commit()

    def commit(self) -> None:
        """Commit what was noted. For the committer."""
        with self._lock:
            notes, self._notes = self._notes, []
            for event in notes:
                self._append(event)
        if notes:
            self.on_growth()

    def events_after(self, seq: int, count: int, size: int) -> list[_Row]:
        """See Ledger."""
        found: list[_Row] = []
        with self._lock:
            begin = max(0, seq - (self._last - len(self._rows)))
            for row in self._rows[begin : begin + count]:
                size -= len(row[1])
                if found and size < 0:
                    break
                found.append(row)
        return found

    def bounds(self) -> tuple[int, int]:
        """See Ledger."""
        with self._lock:
            return self._last - len(self._rows), self._last

    def place(self, epoch: str, seq: int) -> int | None:
        """See Ledger; here there is one epoch, so a place is a number."""
        with self._lock:
            return seq if epoch == self.epoch and 0 <= seq <= self._last else None

    def ack(self, epoch: str, upto: int) -> bool:
        """See Ledger; here what is acknowledged is forgotten at once."""
        with self._lock:
            if epoch != self.epoch or not 0 <= upto <= self._last:
                log.warning("the fleet acknowledges %s/%d, this ledger is %s", epoch, upto, self.epoch)
                return False
            gone = max(0, upto - (self._last - len(self._rows)))
            self._bytes -= sum(len(body) for _, body in self._rows[:gone])
            del self._rows[:gone]
            self._acked_ms = self._clock.wall_ms()
        return True

    def backlog(self) -> Backlog:
        """See Ledger."""
        with self._lock:
            rows = self._rows
            return Backlog(
                count=len(rows),
                bytes=self._bytes,
                oldest_ms=msgspec.json.decode(rows[0][1], type=_Moment).wall_ms if rows else 0,
                lost=self.dropped,
                acked_ms=self._acked_ms,
            )

    def remember_command(self, command: str) -> bool:
        """See Ledger."""
        with self._lock:
            if command in self._commands:
                return False
            self._commands[command] = None
            if len(self._commands) > COMMANDS:
                del self._commands[next(iter(self._commands))]
            return True

    def close(self) -> None:
        """Commit what waits; notes after that are dropped and counted."""
        self.commit()
        with self._lock:
            self._closed = True

    def cut(self) -> list[Event]:
        """The power goes: what was noted and not committed is gone, and returned. The rest is as it was."""
        with self._lock:
            lost, self._notes = self._notes, []
        return lost

    def _append(self, event: Event) -> None:
        self._last += 1
        body = _encode(msgspec.structs.replace(event, epoch=self.epoch, seq=self._last))
        self._rows.append((self._last, body))
        self._bytes += len(body)


class Committer:
    """One thread that commits for many memory ledgers, each at most GATHER_S after its first note."""

    def __init__(self, gather_s: float = GATHER_S) -> None:
        self._gather_s = gather_s
        self._changed = threading.Condition()
        self._wanted: list[MemoryLedger] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="memory-ledgers", daemon=True)
        self._thread.start()

    def want(self, ledger: MemoryLedger) -> None:
        """Commit that ledger soon. From any thread."""
        with self._changed:
            self._wanted.append(ledger)
            if len(self._wanted) == 1:
                self._changed.notify()

    def stop(self) -> None:
        """Commit what is wanted and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._stopping)
                if not self._stopping:
                    self._changed.wait_for(lambda: self._stopping, self._gather_s)
                wanted, self._wanted = self._wanted, []
                stopping = self._stopping
            _commit(wanted)
            if stopping:
                return


def _commit(ledgers: Iterable[MemoryLedger]) -> None:
    for ledger in ledgers:
        ledger.commit()
