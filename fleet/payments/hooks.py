"""Webhooks: verified by their provider's adapter, then taken as hints to ask about the charges they name."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fleet.payments.answers import sound
from fleet.payments.charges import Charges
from fleet.payments.port import ChargeEvent, Provider, ProviderError, ProviderRefused, Receipt

log = logging.getLogger(__name__)


class Hooks:
    """The door for webhooks."""

    def __init__(self, charges: Charges) -> None:
        self._charges, self._book, self._counters = charges, charges.book, charges.counters

    def take(self, provider_key: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """What to answer. Raises BadWebhook (not authentic: nothing happened), ProviderDown (could not ask: send it again),
        KeyError (no such provider).
        """
        provider = self._charges.providers[provider_key]
        try:
            events = provider.parse_webhook(headers, body)
        except ProviderError:
            self._counters.bad_webhooks += 1
            raise
        for event in events:
            self._counters.webhooks += 1
            if not self._hinted(provider, event):
                self._strange(provider, event)
        return provider.receipt

    def _hinted(self, provider: Provider, event: ChargeEvent) -> bool:
        """Ask about the charge of an event; False where it is none of ours. Raises ProviderDown."""
        known = self._book.by_charge_id(provider.key, event.charge_id) if event.charge_id else None
        entry = known or self._book.get(event.reference)
        if entry is None or entry.provider != provider.key:
            return False
        by_reference = event.charge_id == event.reference
        if not by_reference and entry.charge_id not in ("", event.charge_id):
            return False
        try:
            charge = provider.status(entry.charge_id or event.charge_id)
        except ProviderRefused:
            return False
        if charge.reference != entry.reference:
            return False
        self._charges.heard(entry, sound(charge, entry.reference, entry.charge_id))
        return True

    def _strange(self, provider: Provider, event: ChargeEvent) -> None:
        """Authentic, and about a charge nobody knows: where there is money in it, a person has to find out whose it is.

        Raises ProviderDown.
        """
        self._counters.strange_webhooks += 1
        log.warning("webhook %s of %s is about a charge nobody knows", event.id, provider.key)
        try:
            charge = provider.status(event.charge_id)
        except ProviderRefused:  # it does not know it either: it may have meant another account's
            self._book.stranger(provider.key, event, None)
            return
        if charge.paid is not None and charge.refunded_minor < charge.paid.minor:
            self._book.stranger(provider.key, event, charge.paid)
