"""Sales the fleet itself is the witness of, so it writes their event: those made on a phone, for which the wall says
thank you, and those of a wall that was lost before it could tell, decided when their claim code was used.

They stand in the stream (kiosk, "phone"), beside the streams of the kiosk's own ledger, with numbers the charge book
gives without gaps; so they are counted, proved complete and shown like every other sale.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from fleet.clock import Clock
from fleet.events.rows import Stored, plain
from fleet.live import Hub
from fleet.payments.book import PHONE, Book, Entry
from fleet.store.store import Store
from mqtt.messages import Message, PhoneSale, SaleMade, encode
from mqtt.topics import Address

log = logging.getLogger(__name__)


class PhoneSales:
    """Writes the events of phone sales, each once however often it is told to."""

    def __init__(
        self, store: Store, book: Book, tell: Callable[[Address, Message], object], live: Hub, clock: Clock
    ) -> None:
        self._store, self._book, self._tell, self._live, self._clock = store, book, tell, live, clock

    def catch_up(self) -> None:
        """Write what was decided and could not be written, because the fleet stopped or the store was full."""
        for entry in self._book.unsold():
            try:
                self.record(entry)
            except OperationalError:  # full, locked, away: so it is for all of them
                raise
            except Exception:  # one that cannot be written must not keep the others from being
                log.exception("the sale of %s could not be stored", entry.reference)

    def record(self, entry: Entry) -> None:
        """Store the sale of a paid charge; tell the pages and the wall where it was not stored before."""
        now = self._clock()
        sale = SaleMade(
            epoch=PHONE, seq=entry.sale_seq, wall_ms=entry.changed_ms, mono_ms=0, boot="", clock="synced",
            order=entry.order, reference=entry.reference, method=entry.method, currency=entry.currency,
            total_minor=entry.minor, lines=entry.lines, version=entry.version, channel=entry.channel,
            claim_code=entry.claim_code,
        )  # fmt: skip
        item = Stored(
            kiosk=entry.kiosk, epoch=PHONE, seq=entry.sale_seq, body=encode(sale), event=sale, received_ms=now
        )
        new = self._store.commit([item]).new
        self._book.sold(entry.reference)
        if not new:
            return
        self._live.tell("event", {"kiosk": entry.kiosk, "received_ms": now, "event": plain(item)})
        if entry.channel != PHONE:
            return
        notice = PhoneSale(
            order=entry.order, claim_code=sale.claim_code, total_minor=entry.minor, currency=entry.currency
        )
        self._tell(Address(*entry.kiosk.split("/")), notice)
