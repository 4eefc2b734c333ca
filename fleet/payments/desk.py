"""The payment desk: asks providers for what kiosks and phones want, and tells them what became of it.

Nothing is believed but a provider's own answer to `status` (or to the call just made): webhooks and kiosks' questions
only make the desk ask, and it asks by itself where nobody does. Whatever happens twice, late or in the wrong order
goes through fleet.payments.book and counts once. The desk is the front; behind it are `charges` (one charge and its
provider), `poller` (charges nobody asks for) and `hooks` (webhooks).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from msgspec import structs

from content.references import CROCKFORD, check_of, parse_claim
from content.store import AnyStore
from fleet.clock import Clock
from fleet.live import Hub
from fleet.live_changes.desk import LiveDesk
from fleet.payments.book import TOUCH, Book, Change, Entry, told
from fleet.payments.charges import Charges, Counters
from fleet.payments.hooks import Hooks
from fleet.payments.methods import Method
from fleet.payments.phone_sales import PhoneSales
from fleet.payments.poller import Poller
from fleet.payments.port import PAID, Receipt, State
from fleet.payments.prices import differs
from fleet.store.store import Store
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
UNHEARD_MS: Final = 15_000  # a charge the fleet stopped over before the provider answered is taken up again
SHORTEST_TTL_S: Final = 20
MOST_DESCRIPTION: Final = 200  # characters; an adapter shortens it to what its provider takes
_REFERENCE: Final = re.compile(rf"[{CROCKFORD}]{{16}}")


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
        catalogue: Callable[[str, str], AnyStore] | None = None,
        changes: LiveDesk | None = None,
    ) -> None:
        """`stations`: by "tenant/site" or "tenant/site/kiosk", the methods offered there where not all are;
        `catalogue(kiosk, version)`: the store that version names, else what that kiosk sells from, to compare prices with; `changes`: what was changed since.
        """
        self._changes = changes
        self._catalogue = catalogue
        self._methods = methods
        self._stations = stations or {}
        self._tell, self._live, self._clock = tell, live, clock
        self.book = Book(store, clock)
        self.counters = Counters()
        self._phone_sales = PhoneSales(store, self.book, tell, live, clock)
        self._charges = Charges(self.book, methods, self.counters, clock, self._published, self._followed_up)
        self._hooks = Hooks(self._charges)
        self._poller = Poller(
            self.book, self._charges.providers, self._charges.look, self._charges.silent_since,
            self._phone_sales.catch_up, clock,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to look after open charges, and finish what a stop has interrupted."""
        self._poller.start()

    def close(self) -> None:
        """End the poller and let go of the providers; charges stay in the store."""
        self._poller.close()
        for provider in self._charges.providers.values():
            provider.close()

    def provider_of(self, method: str) -> str:
        """The key of the provider a method rests on; "" where the method is not offered."""
        return self._methods[method].provider.key if method in self._methods else ""

    def rests_on(self, request: MoneyRequest) -> str:
        """The provider whose answer a kiosk's request has to wait for, "" where nobody is asked. Asks no provider."""
        if isinstance(request, ChargeWanted):
            return self.provider_of(request.method)
        found = self.book.get(request.reference)
        return found.provider if found is not None else ""

    def methods_at(self, address: Address) -> tuple[str, ...]:
        """The keys of the methods a kiosk offers, in order: as said for it, else for its station, else all; of these
        those the store's prices can be paid by.
        """
        names = (str(address), f"{address.tenant}/{address.site}")
        said = next((self._stations[name] for name in names if name in self._stations), tuple(self._methods))
        if self._catalogue is None:
            return said
        currency = self._catalogue(str(address), "").store.currency
        return tuple(key for key in said if currency in self._methods[key].currencies)

    @property
    def pages(self) -> tuple[str, ...]:
        """The origins of payment pages a phone may be led to, as far as they are not https."""
        parts = [urlsplit(provider.pages) for provider in self._charges.providers.values() if provider.pages]
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
            return self._told(self._charges.ask(entry), request.id)
        found = self.book.get(request.reference)
        if found is None or found.kiosk != str(address) or found.channel != TOUCH:
            return ChargeState(id=request.id, reference=request.reference, state="unknown")
        match request:
            case CancelWanted():
                found = self.cancel(found)
            case StatusWanted():
                found = self._charges.look(found) if self._charges.worth_asking(found) else found
            case RefundCharge() if found.sale_seq:
                log.error("refund of %s refused: its claim code was honoured elsewhere", found.reference)
            case RefundCharge():
                found = self._charges.refund(found, request.reason, by_wall=True)
        return self._told(found, request.id)

    def _wanted(self, address: Address, wanted: ChargeWanted) -> Entry | str:
        """The request as a charge written down, or the reason's key where it cannot be one."""
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
            provider=self.provider_of(wanted.method), currency=wanted.currency, minor=wanted.total_minor, lines=wanted.lines,
            version=wanted.version, ttl_s=wanted.ttl_s, card=wanted.card, asked_ms=self._clock(),
            claim_code=wanted.claim_code,
        )  # fmt: skip
        if wanted.method not in self._methods or wanted.method not in self.methods_at(address):
            return self._begun(entry) or "no-such-method"
        return self.open(entry)

    # --- what both lanes do -----------------------------------------------------------------------------------

    def open(self, entry: Entry) -> Entry | str:
        """Write a charge down before anybody is asked; the same again is the one there is. A reason's key where not."""
        method = self._methods[entry.method]
        reason = method.accepts(entry.amount) or self._unsold(entry)
        if reason:
            return self._begun(entry) or reason
        ttl = min(max(entry.ttl_s, SHORTEST_TTL_S), method.provider.caps.longest_ttl_s)
        what = entry.description or method.merchant.name
        description = f"{check_of(entry.reference)} {what}"[:MOST_DESCRIPTION]
        parts = int(method.provider.caps.partial_refund)
        due = self._clock() + UNHEARD_MS
        kept = self.book.open(
            structs.replace(entry, ttl_s=ttl, description=description, due_ms=due, parts=parts)
        )
        if not kept.is_wish(entry):
            return "bad-request"
        if kept.state is State.ASKING:
            self._compare_prices(kept)
        return kept

    def _unsold(self, entry: Entry) -> str:
        """Why these goods must not be charged for now; "" where they may. A charge that is under way is the kiosk's to end."""
        if self._changes is None:
            return ""
        gtins = [line.gtin for line in entry.lines if line.gtin]
        return self._changes.unsold(entry.kiosk, gtins, entry.version)

    def _begun(self, wanted: Entry) -> Entry | None:
        """The charge that was asked for before, while it could be: its money may have come."""
        known = self.book.get(wanted.reference)
        return known if known is not None and known.is_wish(wanted) else None

    def _compare_prices(self, entry: Entry) -> None:
        """Count an order that is priced as its release is not; it is sold all the same: see fleet.payments.prices."""
        if self._catalogue is None:
            return
        store, now = self._catalogue(entry.kiosk, entry.version), self._clock() // 1000
        wrong = differs(entry.lines, entry.currency, entry.version, store, now)
        if wrong and self._changes is not None:  # a wall may not have heard yet of what was lowered, or has
            lowered = self._changes.over(store, entry.kiosk)
            wrong = differs(entry.lines, entry.currency, entry.version, lowered, now)
        if wrong:
            self.counters.other_prices += 1
            log.warning("charge %s of %s: %s", entry.reference, entry.kiosk, wrong)

    def start_on_phone(self, entry: Entry) -> Entry | str:
        """Open and ask for a charge of the phone lane; the phone follows its `payload`."""
        self.counters.asked += 1
        kept = self.open(entry) if entry.method in self._methods else "no-such-method"
        return self._charges.ask(kept) if isinstance(kept, Entry) else kept

    def look(self, reference: str) -> Entry | None:
        """Ask the provider how a charge stands, as for a page that shows it; None where there is none."""
        entry = self.book.get(reference)
        if entry is None or not self._charges.worth_asking(entry):
            return entry
        return self._charges.look(entry)

    def ask_again(self, entry: Entry) -> Entry:
        """A person wants to know: ask for what is owed, and for nothing else; where nothing is, how the charge stands."""
        return self._charges.look(self.book.get(entry.reference) or entry)

    def claim(self, entry: Entry) -> Entry:
        """Somebody holds the claim code of a charge: ask its provider, and where money came and nobody has decided yet
        what it buys, decide. A provider that does not answer leaves the charge as it is.
        """
        if self._charges.worth_asking(entry):
            entry = self._charges.look(entry)
        if entry.state in PAID and not entry.settled:
            entry = self._published(self.book.claimed(entry.reference))
            if entry.state is State.REFUNDING:
                entry = self._charges.give_back(entry)
        return entry

    def cancel(self, entry: Entry) -> Entry:
        """End an open charge; it may turn out to be paid."""
        return self._charges.cancel(entry)

    def refund(self, entry: Entry, reason: str) -> Entry:
        """Give back what was paid, once. Where nothing is known to be paid, the provider is asked first."""
        return self._charges.refund(entry, reason)

    def webhook(self, provider_key: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take a webhook; what to answer. Raises BadWebhook (not authentic: nothing happened), ProviderDown (could not ask:
        send it again), KeyError (no such provider).
        """
        return self._hooks.take(provider_key, headers, body)

    def look_after(self) -> None:
        """Look at every charge that is due, here and now; `start` does it by itself."""
        self._poller.look_after()

    def _followed_up(self, entry: Entry) -> Entry:
        """See to it that what was paid at a wall ends: the news may be lost, and so may the wall's ledger with its card.

        A wall that does not know the charge any more gives the money back; one that has asked for that and then lost
        its ledger is obeyed.
        """
        how, reason = self.book.told_by_kiosk(entry)
        if how == "sale":
            return self.book.sold_at_wall(entry.reference)
        if how == "refund":
            return self._charges.refund(entry, reason, by_wall=True)
        log.warning(
            "charge %s of %s is paid and neither sold nor given back: said again",
            entry.reference,
            entry.kiosk,
        )
        self._tell(Address(*entry.kiosk.split("/")), self._told(entry, ""))
        return self.book.later(entry.reference)

    # --- telling ----------------------------------------------------------------------------------------------

    def _published(self, change: Change) -> Entry:
        """Tell whoever is concerned, where something has changed."""
        entry = change.after
        self._poller.wake()
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
