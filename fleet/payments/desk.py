"""The payment desk: asks providers for what kiosks and phones want, and tells them what became of it.

Nothing is believed but a provider's own answer to `status` (or to the call just made): webhooks and kiosks' questions
only make the desk ask, and it asks by itself where nobody does. Whatever happens twice, late or in the wrong order
goes through fleet.payments.book and counts once.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from msgspec import structs

from content.references import CROCKFORD, check_of, parse_claim
from fleet.clock import Clock
from fleet.live import Hub
from fleet.payments.book import TOUCH, Book, Change, Entry, told
from fleet.payments.codecs import BadPayload
from fleet.payments.methods import Method
from fleet.payments.phone_sales import PhoneSales
from fleet.payments.port import (
    OPEN,
    PAID,
    Charge,
    ChargeEvent,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    State,
    idempotency_key,
)
from fleet.store import Store
from mqtt.messages import (
    CancelWanted,
    ChargeState,
    ChargeWanted,
    Line,
    Message,
    MoneyRequest,
    RefundCharge,
    StatusWanted,
)
from mqtt.topics import Address

log = logging.getLogger(__name__)

Tell = Callable[[Address, Message], object]
FRESH_MS: Final = 1_000  # a charge that has ended and was looked at so lately is not asked for again
UNHEARD_MS: Final = 15_000  # a charge the fleet stopped over before the provider answered is taken up again
SHORTEST_TTL_S: Final = 20
MOST_DESCRIPTION: Final = 200  # characters; an adapter shortens it to what its provider takes
_REFERENCE: Final = re.compile(rf"[{CROCKFORD}]{{16}}")


@dataclass(slots=True)
class Counters:
    """What the desk has seen."""

    asked: int = 0  # charges wanted, repeats included
    refused: int = 0
    webhooks: int = 0
    bad_webhooks: int = 0
    strange_webhooks: int = 0  # authentic, about a charge nobody knows
    provider_down: int = 0
    late: int = 0  # money that came after its charge had ended
    refunds: int = 0


class PaymentDesk:
    """One desk per fleet. `methods` by key, in the order offered; `tell(address, message)` reaches a kiosk.

    Every method may be called from any thread; calls last as long as the provider does.
    """

    def __init__(
        self,
        store: Store,
        methods: Mapping[str, Method],
        tell: Tell,
        live: Hub,
        clock: Clock,
        stations: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`stations`: by "tenant/site" or "tenant/site/kiosk", the methods offered there where not all are."""
        self._methods = methods
        self._stations = stations or {}
        self._providers: dict[str, Provider] = {
            method.provider.key: method.provider for method in methods.values()
        }
        self._tell, self._live, self._clock = tell, live, clock
        self.book = Book(store, clock)
        self._phone_sales = PhoneSales(store, self.book, tell, live, clock)
        self.counters = Counters()
        self._silent: dict[str, int] = {}  # provider -> when it last did not answer
        self._wake = threading.Event()
        self._over = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="charges", daemon=True)

    def start(self) -> None:
        """Begin to look after open charges, and finish what a stop has interrupted."""
        self._poller.start()

    def close(self) -> None:
        """End the poller and let go of the providers; charges stay in the store."""
        self._over.set()
        self._wake.set()
        if self._poller.is_alive():
            self._poller.join(2.0)
        for provider in self._providers.values():
            provider.close()

    def provider_of(self, method: str) -> str:
        """The key of the provider a method rests on; "" where the method is not offered."""
        return self._methods[method].provider.key if method in self._methods else ""

    def methods_at(self, address: Address) -> tuple[str, ...]:
        """The keys of the methods a kiosk offers, in order: as said for it, else for its station, else all."""
        for name in (str(address), f"{address.tenant}/{address.site}"):
            if name in self._stations:
                return self._stations[name]
        return tuple(self._methods)

    @property
    def pages(self) -> tuple[str, ...]:
        """The origins of payment pages a phone may be led to, as far as they are not https."""
        parts = [urlsplit(provider.pages) for provider in self._providers.values() if provider.pages]
        return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts if part.netloc))

    # --- kiosks -----------------------------------------------------------------------------------------------

    def handle(self, address: Address, request: MoneyRequest) -> ChargeState:
        """The answer to a kiosk's request."""
        if isinstance(request, ChargeWanted):
            self.counters.asked += 1
            entry = self._wanted(address, request)
            if isinstance(entry, str):
                self.counters.refused += 1
                log.warning("charge %s of %s refused: %s", request.reference, address, entry)
                return ChargeState(id=request.id, reference=request.reference, state="failed", reason=entry)
            entry = self._ask(entry)
            return self._told(entry, request.id)
        found = self.book.get(request.reference)
        if found is None or found.kiosk != str(address) or found.channel != TOUCH:
            return ChargeState(id=request.id, reference=request.reference, state="unknown")
        match request:
            case CancelWanted():
                found = self.cancel(found)
            case StatusWanted():
                found = self._looked_at(found) if self._worth_asking(found) else found
            case RefundCharge() if found.sale_seq:
                log.error("refund of %s refused: its claim code was honoured elsewhere", found.reference)
            case RefundCharge():
                found = self.refund(found, request.reason)
        return self._told(found, request.id)

    def _wanted(self, address: Address, wanted: ChargeWanted) -> Entry | str:
        """The request as a charge written down, or the reason's key where it cannot be one."""
        method = self._methods.get(wanted.method)
        if method is None or wanted.method not in self.methods_at(address):
            return "no-such-method"
        sound = (
            _REFERENCE.fullmatch(wanted.reference)
            and wanted.reference.startswith(wanted.order)
            and len(wanted.order) == len(wanted.reference) - 1
            and (not wanted.claim_code or parse_claim(wanted.claim_code) == wanted.claim_code)
            and wanted.lines
            and all(_sound(line) for line in wanted.lines)
            and sum(line.total_minor for line in wanted.lines) == wanted.total_minor
        )
        if not sound:
            return "bad-request"
        entry = Entry(
            reference=wanted.reference, kiosk=str(address), order=wanted.order, channel=TOUCH, method=wanted.method,
            provider=method.provider.key, currency=wanted.currency, minor=wanted.total_minor, lines=wanted.lines,
            version=wanted.version, ttl_s=wanted.ttl_s, card=wanted.card, asked_ms=self._clock(),
            claim_code=wanted.claim_code,
        )  # fmt: skip
        return self.open(entry)

    # --- what both lanes do -----------------------------------------------------------------------------------

    def open(self, entry: Entry) -> Entry | str:
        """Write a charge down before anybody is asked; the same again is the one there is. A reason's key where not."""
        method = self._methods[entry.method]
        reason = method.accepts(entry.amount)
        if reason:
            return reason
        ttl = min(max(entry.ttl_s, SHORTEST_TTL_S), method.provider.caps.longest_ttl_s)
        what = entry.description or method.merchant.name
        description = f"{check_of(entry.reference)} {what}"[:MOST_DESCRIPTION]
        kept = self.book.open(
            structs.replace(entry, ttl_s=ttl, description=description, due_ms=self._clock() + UNHEARD_MS)
        )
        return kept if kept.is_wish(entry) else "bad-request"

    def start_on_phone(self, entry: Entry) -> Entry | str:
        """Open and ask for a charge of the phone lane; the phone follows its `payload`."""
        self.counters.asked += 1
        kept = self.open(entry) if entry.method in self._methods else "no-such-method"
        return self._ask(kept) if isinstance(kept, Entry) else kept

    def _ask(self, entry: Entry) -> Entry:
        """Have the provider create the charge, unless it is known to have done so."""
        if entry.state is not State.ASKING:
            return entry
        method = self._methods[entry.method]
        try:
            charge = _create(method.provider, entry)
            payload = method.payload(entry.amount, entry.reference, charge.payload)
        except ProviderDown as error:
            return self._no_answer(entry, error)
        except (ProviderRefused, BadPayload) as error:
            log.warning("charge %s: %s", entry.reference, error)
            return self._published(self.book.news(entry.reference, News.FAILED, "bad-request"))
        return self._published(self.book.heard(entry.reference, charge, payload))

    def _no_answer(self, entry: Entry, error: ProviderDown) -> Entry:
        """Nobody knows whether the provider has the charge. What nobody was shown nobody can pay, so that is a no; a
        card may have been charged, so that is asked for until it is known.
        """
        if entry.method == "card":
            return self._unanswered(entry, error)
        self._silent[entry.provider] = self._clock()
        self.counters.provider_down += 1
        log.warning("charge %s: %s", entry.reference, error)
        return self._published(self.book.news(entry.reference, News.FAILED, "provider-down"))

    def look(self, reference: str) -> Entry | None:
        """Ask the provider how a charge stands, as for a page that shows it; None where there is none."""
        entry = self.book.get(reference)
        return self._looked_at(entry) if entry is not None and self._worth_asking(entry) else entry

    def claim(self, entry: Entry) -> Entry:
        """Somebody holds the claim code of a charge: ask its provider, and where money came and nobody has decided yet
        what it buys, decide. A provider that does not answer leaves the charge as it is.
        """
        if self._worth_asking(entry) and entry.provider in self._providers:
            entry = self._looked_at(entry)
        if entry.state in PAID and not entry.settled:
            entry = self._published(self.book.claimed(entry.reference))
            if entry.state is State.REFUNDING:
                entry = self._give_back(entry)
        return entry

    def _worth_asking(self, entry: Entry) -> bool:
        """Whether the provider may know more than we: always while money is waited for, now and then once it is not."""
        if entry.state in PAID or entry.state is State.REFUNDED:
            return False
        return entry.state in OPEN or self._clock() - entry.checked_ms >= FRESH_MS

    def _looked_at(self, entry: Entry) -> Entry:
        """The charge after asking its provider; as it was where that does not answer."""
        if entry.state is State.ASKING:
            return self._ask(entry)
        if entry.state is State.REFUNDING:
            return self._give_back(entry)
        if entry.state in PAID:
            return self._followed_up(entry)
        if entry.charge_id:
            return self._status(entry)
        return self._taken_back(entry) if entry.reason == "provider-down" else entry

    def _followed_up(self, entry: Entry) -> Entry:
        """See to it that what was paid at a wall ends: the news may be lost, and so may the wall's ledger with its card.

        A wall that does not know the charge any more gives the money back; one that has asked for that and then lost
        its ledger is obeyed.
        """
        how, reason = self.book.told_by_kiosk(entry)
        if how == "sale":
            return self.book.sold_at_wall(entry.reference)
        if how == "refund":
            return self.refund(entry, reason)
        log.warning(
            "charge %s of %s is paid and neither sold nor given back: said again",
            entry.reference,
            entry.kiosk,
        )
        self._tell(Address(*entry.kiosk.split("/")), self._told(entry, ""))
        return self.book.later(entry.reference)

    def _taken_back(self, entry: Entry) -> Entry:
        """See to it that a charge we have given up without an answer is not open at the provider after all."""
        provider = self._providers[entry.provider]
        try:
            charge = _create(
                provider, entry
            )  # the same key: it tells of the charge there is, or makes one to cancel
            if charge.news in (News.OPEN, News.SCANNED):
                charge = provider.cancel(charge.id)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._published(self.book.heard(entry.reference, charge))

    def _status(self, entry: Entry) -> Entry:
        try:
            charge = self._providers[entry.provider].status(entry.charge_id)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._published(self.book.heard(entry.reference, charge))

    def cancel(self, entry: Entry) -> Entry:
        """End an open charge; it may turn out to be paid."""
        entry = self._ask(entry)
        if entry.state not in OPEN or not entry.charge_id:
            return entry
        try:
            charge = self._providers[entry.provider].cancel(entry.charge_id)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._published(self.book.heard(entry.reference, charge))

    def refund(self, entry: Entry, reason: str) -> Entry:
        """Give back what was paid, once. Where nothing is known to be paid, the provider is asked first."""
        if entry.state not in PAID | {State.REFUNDING, State.REFUNDED}:
            entry = self._looked_at(entry)
        if entry.state in PAID:
            entry = self._published(self.book.news(entry.reference, News.WANT_REFUND, reason))
        return self._give_back(entry) if entry.state is State.REFUNDING else entry

    def _give_back(self, entry: Entry) -> Entry:
        provider = self._providers[entry.provider]
        try:
            refund = provider.refund(entry.charge_id, entry.paid_minor, idem=f"refund:{entry.reference}")
            if not refund.done:
                return self.book.later(entry.reference)
        except ProviderRefused as error:  # given back some other way, or a person has to see to it
            log.error("refund of %s refused: %s", entry.reference, error)
            return self._status(entry)
        except ProviderError as error:
            return self._unanswered(entry, error)
        self.counters.refunds += 1
        return self._published(self.book.news(entry.reference, News.REFUNDED, entry.reason))

    def _unanswered(self, entry: Entry, error: ProviderError) -> Entry:
        if isinstance(error, ProviderDown):
            self._silent[entry.provider] = self._clock()
            self.counters.provider_down += 1
        log.warning("charge %s: %s", entry.reference, error)
        self._wake.set()
        return self.book.later(entry.reference)

    # --- webhooks and polling ---------------------------------------------------------------------------------

    def webhook(self, provider_key: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a webhook: verify it, then ask about each charge it names.

        Raises BadWebhook (not authentic: nothing happened), ProviderDown (could not ask: send it again), KeyError (no
        such provider).
        """
        provider = self._providers[provider_key]
        try:
            events = provider.parse_webhook(headers, body)
        except ProviderError:
            self.counters.bad_webhooks += 1
            raise
        for event in events:
            self.counters.webhooks += 1
            if not self._hinted(provider, event):
                self.counters.strange_webhooks += 1
                log.warning("webhook %s of %s is about a charge nobody knows", event.id, provider_key)

    def _hinted(self, provider: Provider, event: ChargeEvent) -> bool:
        """Ask about the charge of an event; False where it is none of ours. Raises ProviderDown."""
        entry = self.book.by_charge_id(provider.key, event.charge_id) or self.book.get(event.reference)
        if entry is None or entry.provider != provider.key or entry.charge_id not in ("", event.charge_id):
            return False
        try:
            charge = provider.status(event.charge_id)
        except ProviderRefused:
            return False
        if charge.reference != entry.reference:
            return False
        self._published(self.book.heard(entry.reference, charge))
        return True

    def _poll(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            try:
                self.look_after()
                due = self.book.next_due_ms()
            except Exception:  # the store is full or away: open charges must not be forgotten for that
                log.exception("the charges could not be looked at")
                due = self._clock() + 5_000
            wait_s = 60.0 if due is None else min(60.0, max(0.02, (due - self._clock()) / 1000))
            self._wake.wait(wait_s)

    def look_after(self) -> None:
        """Look at every charge that is due; where its provider does not answer, the rest of that one's wait."""
        began = self._clock()
        try:
            self._phone_sales.catch_up()
        except Exception:  # what cannot be stored now is tried again; the open charges must not wait for it
            log.exception("sales of phones could not be stored")
        for entry in self.book.due():
            if self._over.is_set():
                return
            if self._silent.get(entry.provider, 0) >= began or entry.provider not in self._providers:
                self.book.later(entry.reference)
                continue
            try:
                self._looked_at(entry)
            except Exception:  # one that cannot be dealt with must not hold up all that are due after it
                log.exception("charge %s could not be looked at", entry.reference)
                self.book.later(entry.reference)

    # --- telling ----------------------------------------------------------------------------------------------

    def _published(self, change: Change) -> Entry:
        """Tell whoever is concerned, where something has changed."""
        entry = change.after
        self._wake.set()
        if entry.sale_seq and not change.before.sale_seq:
            self._phone_sales.record(entry)
        if not change.moved:
            return entry
        if entry.state is State.LATE_PAID:
            self.counters.late += 1
        self._live.tell(
            "charge",
            {
                "kiosk": entry.kiosk, "reference": entry.reference, "order": entry.order, "channel": entry.channel,
                "method": entry.method, "state": entry.state.value, "minor": entry.minor, "currency": entry.currency,
            },
        )  # fmt: skip
        if entry.channel == TOUCH and change.is_news:
            self._tell(Address(*entry.kiosk.split("/")), self._told(entry, ""))
        return entry

    def _told(self, entry: Entry, request_id: str) -> ChargeState:
        method = self._methods.get(entry.method)
        return told(entry, method.merchant.name if method else "", request_id)


def _sound(line: Line) -> bool:
    """Whether a line can be: some pieces, and no dearer than their price. Whether it is the store's price is not known here."""
    return line.quantity > 0 and 0 <= line.total_minor <= line.price_minor * line.quantity


def _create(provider: Provider, entry: Entry) -> Charge:
    request = ChargeRequest(
        reference=entry.reference, method=entry.method, amount=entry.amount, description=entry.description,
        ttl_s=entry.ttl_s, card=entry.card, return_url=entry.return_url,
    )  # fmt: skip
    kiosk = entry.kiosk.rpartition("/")[2]
    return provider.create(request, idem=idempotency_key(kiosk, entry.order, entry.reference))
