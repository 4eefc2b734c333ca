"""Plays one purchase against a provider that was told to go wrong, and says in plain words how it ended.

The desk, its store and the adapter are the real ones, the provider is a server behind HTTP; a wall and a phone are played
as they behave: a wall sells what was paid to the cent and gives back the rest, a phone looks at its page.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from content.references import reference_of
from fleet import tables
from fleet.clock import now_ms
from fleet.events.rows import Stored
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.faults import Fault
from fleet.payments.methods import take_now
from fleet.payments.port import OPEN, BadWebhook, Provider, ProviderError
from fleet.store.store import Store
from mqtt.messages import ChargeState, ChargeWanted, Line, Message, RefundCharge, SaleMade, encode
from mqtt.topics import Address
from tests.stores import store_url

KIOSK: Final = Address("demo", "u8", "K1")
LANES: Final = ("wall", "phone")
OF_REFUNDS: Final = (Fault.REFUND_TWICE, Fault.REFUND_LATER, Fault.REFUND_REFUSED)
_orders = count(1)


class FaultRig(ABC):
    """A provider's server, its adapter, and the person who pays. Opened by `with`-functions of each provider's own."""

    title: str  # as the docs name it
    method: str
    currency: str
    minor: int
    supports: frozenset[str]  # names of fleet.payments.faults

    @abstractmethod
    def provider(self) -> Provider:
        """The adapter, which the desk closes."""

    @abstractmethod
    def script(self, *faults: str) -> None:
        """The next charge suffers these; () for none."""

    @abstractmethod
    def pay(self, reference: str) -> None:
        """Somebody pays; what comes later is on its way."""

    @abstractmethod
    def arrived(self, reference: str) -> None:
        """Return when what was on its way is there."""

    @abstractmethod
    def told(self, reference: str, fault: str) -> None:
        """Return when every webhook the provider has to send has been sent."""

    @abstractmethod
    def money(self, reference: str) -> tuple[int, int]:
        """What came in under a reference and what went back, by the provider's own books."""

    def is_about(self, reference: str, body: bytes) -> bool:
        """Whether a webhook is about a charge of that reference."""
        return reference.encode() in body


class Door:
    """Where the provider's webhooks arrive: as fleet.web.webhooks answers them. `take` changes with the desk."""

    def __init__(self) -> None:
        self.url = ""
        self.take: Callable[[dict[str, str], bytes], None] = lambda _headers, _body: None
        self.got: list[bytes] = []

    def status(self, headers: dict[str, str], body: bytes) -> int:
        self.got.append(body)
        try:
            self.take(headers, body)
        except BadWebhook:
            return 400
        except ProviderError:
            return 503
        return 204


@contextmanager
def door() -> Iterator[Door]:
    here = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()} | {":path": self.path}
            status = here.status(headers, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()


class Purchase:
    """One purchase on one lane: asked for, paid, and followed until nothing moves any more."""

    def __init__(self, rig: FaultRig, hooks: Door, lane: str, folder: Path) -> None:
        self.rig, self.lane = rig, lane
        self.ahead_ms = 0
        self.heard: list[ChargeState] = []
        self.lock = threading.Lock()
        self.store = Store(store_url(folder / "fleet.db"))
        self.desk = PaymentDesk(
            self.store, {rig.method: take_now(rig.method, rig.provider(), Merchant(name="Shop"))},
            self._tell, Hub(), lambda: now_ms() + self.ahead_ms,
        )  # fmt: skip
        provider = self.desk.provider_of(rig.method)
        self.hooks = hooks
        self.references: list[str] = []

        def take(
            headers: dict[str, str], body: bytes
        ) -> None:  # what is left of the purchase before is not for us
            if any(rig.is_about(reference, body) for reference in self.references):
                self.desk.webhook(provider, headers, body)

        hooks.take = take
        self.lines = (
            Line(
                gtin="09521100100113", name="Milk", quantity=1, price_minor=rig.minor, total_minor=rig.minor
            ),
        )
        self.reference = ""
        self.tries = 0
        self.outcome = ""
        self.listed: dict[str, int] = {}  # reason -> after how many ms it was on the operator's list

    def close(self) -> None:
        self.hooks.take = lambda _headers, _body: None
        self.desk.close()
        self.store.close()

    def _tell(self, _address: Address, message: Message) -> None:
        if isinstance(message, ChargeState):
            with self.lock:
                self.heard.append(message)

    # --- the story

    def played(self, *faults: str) -> str:
        """The outcome in words."""
        self.rig.script(*faults)
        if self._ask():
            self.rig.pay(self.reference)
            self._look(0)
            self.rig.arrived(self.reference)
            self.rig.told(self.reference, faults[-1])
        for seconds in (0, 2, 2, 5, 31, 20, 10, 60, 120, 180, 600, 600, 3600):
            self._look(seconds)
        return self._outcome()

    def _ask(self) -> bool:
        """Whether there is something to pay: who gets no code tries once more."""
        while self.tries < 2:
            self.tries += 1
            if self._asked() in ("created", "scanned"):
                return True
        return False

    def _asked(self) -> str:
        order = f"{next(_orders):015}"
        self.reference = reference_of(order, 0)
        self.references.append(self.reference)
        rig = self.rig
        if self.lane == "wall":
            answer = self.desk.handle(
                KIOSK,
                ChargeWanted(
                    id="q", expires_ms=0, order=order, reference=self.reference, method=rig.method,
                    currency=rig.currency, total_minor=rig.minor, lines=self.lines, version="v", ttl_s=120,
                ),
            )  # fmt: skip
            return answer.state
        entry = self.desk.start_on_phone(
            Entry(
                reference=self.reference, kiosk=str(KIOSK), order=order, channel=PHONE, method=rig.method,
                provider=self.desk.provider_of(rig.method), currency=rig.currency, minor=rig.minor,
                lines=self.lines, version="v", ttl_s=120, asked_ms=now_ms() + self.ahead_ms,
            )
        )  # fmt: skip
        return "created" if isinstance(entry, Entry) and entry.state in OPEN else "failed"

    def _look(self, seconds: int) -> None:
        """Time passes; the desk, the wall and the phone do what they do."""
        self.ahead_ms += seconds * 1000
        self.desk.look_after()
        if self.lane == "phone":
            self.desk.look(self.reference)
        else:
            self._wall_acts()
        for row in self.desk.book.unresolved():
            shown = row.entry.reference if row.entry else row.stranger.reference if row.stranger else ""
            if shown == self.reference:
                self.listed.setdefault(row.why, now_ms() + self.ahead_ms - row.since_ms)

    def _wall_acts(self) -> None:
        with self.lock:
            heard, self.heard = self.heard, []
        for state in heard:
            if state.reference != self.reference or state.state != "paid" or self._sales():
                continue
            if (state.paid_minor, state.currency) == (self.rig.minor, self.rig.currency):
                self._sell()
            else:
                refund = RefundCharge(
                    id="q", expires_ms=0, reference=self.reference, reason="amount-mismatch"
                )
                self.desk.handle(KIOSK, refund)

    def _sell(self) -> None:
        sale = SaleMade(
            epoch="e1", seq=1, wall_ms=0, mono_ms=0, boot="b", order=self.reference[:15], reference=self.reference,
            method=self.rig.method, currency=self.rig.currency, total_minor=self.rig.minor, lines=self.lines, version="v",
        )  # fmt: skip
        item = Stored(kiosk=str(KIOSK), epoch="e1", seq=1, body=encode(sale), event=sale, received_ms=0)
        self.store.commit([item])

    def _sales(self) -> int:
        with self.store.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(tables.sales)) or 0)

    # --- how it ended

    def _outcome(self) -> str:
        came, back = self.rig.money(self.reference)
        sales, kept = self._sales(), came - back
        if came == 0 and sales == 0:
            ended = "no code is shown, nothing is taken"
        elif sales == 1 and kept == self.rig.minor:
            ended = "sold once, the surplus goes back" if back else "sold once"
        elif sales == 0 and kept == 0:
            ended = "all of it goes back, once"
        elif sales == 0 and self.listed:
            ended = "kept until a person gives it back"
        else:
            ended = f"WRONG: {sales} sales, {came} came, {back} went back"
        still = {row.why for row in self.desk.book.unresolved()}
        if still:
            ended += f"; on the operator's list: {', '.join(sorted(still))}"
        return ended + (", at the second try" if self.tries == 2 and came else "")
