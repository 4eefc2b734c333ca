"""One charge and its provider: asking for it, asking how it stands, ending it, giving its money back.

Every function takes the entry as it was read and returns it as it is afterwards. What a provider does not answer is
never assumed: it is asked again, and after a while the operator sees it (fleet.payments.unresolved).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fleet.clock import Clock
from fleet.payments.answers import sound, sound_refund
from fleet.payments.book import Book
from fleet.payments.codecs import BadPayload
from fleet.payments.entry import PHONE, Change, Entry
from fleet.payments.methods import Method
from fleet.payments.port import (
    ENDED,
    OPEN,
    PAID,
    Charge,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    Refund,
    State,
    idempotency_key,
    refund_key,
)

log = logging.getLogger(__name__)

FRESH_MS: Final = 1_000  # a charge that has ended and was looked at so lately is not asked for again
# Why a provider refuses to make a charge, where a screen can do something with it; all else is "refused".
_SAID: Final = frozenset({"currency", "too-little", "too-much", "declined", "unknown-card", "no-funds"})
# Providers keep an idempotency key for a day (Stripe: 24 hours). Asked again after that, a card would be charged twice.
KEYS_LAST_MS: Final = 12 * 3_600_000
NO_PROVIDER: Final = "no-provider"
_WAITED_FOR: Final = (News.OPEN, News.SCANNED)


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
    refunds_refused: int = 0  # for good: on the operator's list
    bad_payloads: int = 0  # codes of providers that were not what was ordered, or too long for a wall
    surplus: int = 0  # more came than was ordered, and went back
    other_prices: int = 0  # charges whose lines are not what the fleet's catalogue of that version says


class Charges:
    """The charges in the book as their providers know them. Every method may be called from any thread; calls last as
    long as the provider does. `published(change)` tells whoever is concerned; `follow_up(entry)` sees to it that what was
    paid at a wall ends.
    """

    def __init__(
        self,
        book: Book,
        methods: Mapping[str, Method],
        counters: Counters,
        clock: Clock,
        published: Callable[[Change], Entry],
        follow_up: Callable[[Entry], Entry],
    ) -> None:
        self.book, self._methods, self.counters = book, methods, counters
        self._clock, self._published, self._follow_up = clock, published, follow_up
        self.providers: dict[str, Provider] = {
            method.provider.key: method.provider for method in methods.values()
        }
        self._silent: dict[str, int] = {}  # provider -> when it last did not answer

    def silent_since(self, provider: str, since_ms: int) -> bool:
        """Whether a provider has failed to answer since then."""
        silent = self._silent.get(provider, -1)
        return since_ms <= silent <= self._clock()  # a clock that was put back has marks of tomorrow

    # --- asking -----------------------------------------------------------------------------------------------

    def ask(self, entry: Entry) -> Entry:
        """Have the provider create the charge, unless it is known to have done so."""
        if entry.state is not State.ASKING:
            return entry
        if entry.method == "card" and self._clock() - entry.asked_ms > KEYS_LAST_MS:
            return self.book.unanswered(entry.reference)  # only a person can find out
        method = self._methods.get(entry.method)
        if method is None:
            log.error("charge %s: no method %r is configured", entry.reference, entry.method)
            return self.book.unanswered(entry.reference)
        try:
            charge = self._create(entry)
        except ProviderDown as error:
            return self._no_answer(entry, error)
        except ProviderRefused as error:
            log.warning("charge %s: %s", entry.reference, error)
            return self._published(self.book.gave_up(entry.reference, _reason(error)))
        if charge.news not in _WAITED_FOR:
            return self._heard(entry, charge)
        try:
            if charge.amount != entry.amount:
                raise BadPayload("amount", f"{entry.amount} was asked for, {charge.amount} was created")
            payload = method.payload(
                entry.amount, entry.reference, charge.payload, scanned=entry.channel != PHONE
            )
        except BadPayload as error:
            return self._not_shown(entry, charge, error)
        return self._heard(entry, charge, payload)

    def _not_shown(self, entry: Entry, charge: Charge, error: BadPayload) -> Entry:
        """A payload nobody may see is a charge nobody can pay: it is failed here and ended there."""
        self.counters.bad_payloads += 1
        log.error("charge %s by %s is not shown: %s", entry.reference, entry.provider, error)
        failed = self._heard(entry, replace(charge, news=News.FAILED, reason="bad-payload", payload=""))
        return self._end_there(failed)

    def _create(self, entry: Entry) -> Charge:
        request = ChargeRequest(
            reference=entry.reference, method=entry.method, amount=entry.amount, description=entry.description,
            ttl_s=entry.ttl_s, card=entry.card, return_url=entry.return_url,
        )  # fmt: skip
        kiosk = entry.kiosk.rpartition("/")[2]
        idem = idempotency_key(kiosk, entry.order, entry.reference)
        return sound(self.providers[entry.provider].create(request, idem=idem), entry.reference)

    def _no_answer(self, entry: Entry, error: ProviderDown) -> Entry:
        """Nobody knows whether the provider has the charge. What nobody was shown nobody can pay, so that is a no; a
        card may have been charged, so that is asked for until it is known.
        """
        entry = self._unanswered(entry, error)
        if entry.method == "card":
            return entry
        return self._published(self.book.gave_up(entry.reference, "provider-down"))

    # --- looking ----------------------------------------------------------------------------------------------

    def worth_asking(self, entry: Entry) -> bool:
        """Whether the provider may know more than we: always while money is waited for, now and then once it is not."""
        if entry.state in PAID or entry.state is State.REFUNDED or entry.provider not in self.providers:
            return False
        return entry.state in OPEN or not 0 <= self._clock() - entry.checked_ms < FRESH_MS

    def look(self, entry: Entry) -> Entry:
        """The charge after asking its provider; as it was where that does not answer."""
        if entry.provider not in self.providers:
            log.error("charge %s: no provider %r is configured", entry.reference, entry.provider)
            if entry.owed_back:
                return self._refused_for_good(entry, NO_PROVIDER)
            return self.book.unanswered(entry.reference)
        if entry.state is State.ASKING:
            return self.ask(entry)
        if entry.owed_back and entry.trouble:  # a person may have given it back at the provider meanwhile
            entry = self._status(entry)
            return self.give_back(entry) if entry.state is State.REFUNDING and entry.owed_back else entry
        if entry.owed_back:
            return self.give_back(entry)
        if not entry.charge_id:
            return self._taken_back(entry) if entry.reason == "provider-down" else entry
        known_paid = entry.state in PAID  # else it has just been told
        entry = self._status(entry)
        return self._follow_up(entry) if known_paid and entry.state in PAID and not entry.settled else entry

    def _taken_back(self, entry: Entry) -> Entry:
        """See to it that a charge we have given up without an answer is not open at the provider after all."""
        try:
            charge = self._create(entry)  # the same key: it tells of the charge there is, or makes one to end
        except ProviderError as error:
            return self._unanswered(entry, error)
        return (
            self._end_there(self._heard(entry, charge))
            if charge.news in _WAITED_FOR
            else self._heard(entry, charge)
        )

    def _status(self, entry: Entry) -> Entry:
        try:
            charge = self._told_of(entry)
        except ProviderError as error:
            return self._unanswered(entry, error)
        entry = self._heard(entry, charge)
        return self._end_there(entry) if entry.state in ENDED and charge.news in _WAITED_FOR else entry

    def _told_of(self, entry: Entry) -> Charge:
        return sound(self.providers[entry.provider].status(entry.charge_id), entry.reference, entry.charge_id)

    def heard(self, entry: Entry, charge: Charge) -> Entry:
        """The provider has told how a charge stands: write it down, tell it, and send back what is too much. `entry` as
        it was before the provider was asked.
        """
        if entry.state is State.ASKING and charge.news in _WAITED_FOR:
            return (
                entry  # faster than the answer to the call that made it, which brings the code to be checked
            )
        return self._heard(entry, charge)

    def _heard(self, entry: Entry, charge: Charge, payload: str = "") -> Entry:
        entry = self._published(self.book.heard(entry.reference, charge, payload, entry.given_minor))
        return self.give_back(entry) if entry.state in PAID and entry.owed_back else entry

    # --- ending -----------------------------------------------------------------------------------------------

    def cancel(self, entry: Entry) -> Entry:
        """End an open charge; it may turn out to be paid."""
        entry = self.ask(entry)
        if entry.state not in OPEN or not entry.charge_id:
            return entry
        provider = self.providers[entry.provider]
        if (
            not provider.caps.cancel
        ):  # money that comes all the same is late, and goes back or buys what it was for
            entry = self._status(entry)
            return (
                self._published(self.book.news(entry.reference, News.CANCELLED))
                if entry.state in OPEN
                else entry
            )
        try:
            charge = sound(provider.cancel(entry.charge_id), entry.reference, entry.charge_id)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._heard(entry, charge)

    def _end_there(self, entry: Entry) -> Entry:
        """A charge that has ended here is open at its provider: end it there too, where that can be done."""
        provider = self.providers[entry.provider]
        if not provider.caps.cancel:
            return entry
        try:
            charge = sound(provider.cancel(entry.charge_id), entry.reference, entry.charge_id)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._heard(entry, charge)

    # --- giving back ------------------------------------------------------------------------------------------

    def refund(self, entry: Entry, reason: str, *, by_wall: bool = False) -> Entry:
        """Give back what was paid, once. Where nothing is known to be paid, the provider is asked first. `by_wall`: unless
        it has been sold meanwhile, as a wall cannot know.
        """
        if entry.state not in PAID | {State.REFUNDING, State.REFUNDED}:
            entry = self.look(entry)
        if entry.state in PAID:
            entry = self._published(self.book.want_refund(entry.reference, reason, by_wall=by_wall))
        return self.give_back(entry) if entry.state is State.REFUNDING else entry

    def give_back(self, entry: Entry) -> Entry:
        """Give back what is owed. What is asked for is written down first, and asked for again as it was until it is
        known how that ended: only then something else is.
        """
        provider = self.providers.get(entry.provider)
        if provider is None:  # taken out of payments.toml: only a person can give it back
            return self._refused_for_good(entry, NO_PROVIDER)
        entry = self.book.giving(entry.reference)
        if not entry.giving_minor:
            return entry
        if not provider.caps.refund:
            return self._refused_for_good(entry, "no-refunds")
        idem = refund_key(entry.reference, entry.given_minor)
        try:
            refund = provider.refund(entry.charge_id, entry.giving_minor, idem=idem)
            refund = sound_refund(refund, entry.charge_id, entry.giving_minor)
        except ProviderRefused as error:
            return self._was_refused(entry, error)
        except ProviderError as error:
            return self._unanswered(entry, error)
        return self._given(entry, refund)

    def _given(self, entry: Entry, refund: Refund) -> Entry:
        if not refund.done:
            return self.book.later(entry.reference)
        self.counters.refunds += 1
        self.counters.surplus += entry.state in PAID
        return self._published(self.book.given(entry))

    def _was_refused(self, entry: Entry, error: ProviderRefused) -> Entry:
        """The money may be back already, however it got there; else only a person can help."""
        try:
            charge = self._told_of(entry)
        except ProviderError as silent:
            return self._unanswered(entry, silent)
        if charge.refunded_minor >= entry.given_minor + entry.giving_minor:
            return self._published(self.book.given(entry))
        return self._refused_for_good(entry, error.reason)

    def _refused_for_good(self, entry: Entry, reason: str) -> Entry:
        if not entry.trouble:
            self.counters.refunds_refused += 1
            log.error("refund of %s is refused: %s", entry.reference, reason)
        return self.book.refused(entry.reference, reason)

    def _unanswered(self, entry: Entry, error: ProviderError) -> Entry:
        if isinstance(error, ProviderDown):
            self._silent[entry.provider] = self._clock()
            self.counters.provider_down += 1
        log.warning("charge %s: %s", entry.reference, error)
        return self.book.unanswered(entry.reference)


def _reason(error: ProviderRefused) -> str:
    return error.reason if error.reason in _SAID else "refused"
