"""The list of payments nobody has finished, as the operator's pages name it."""

from __future__ import annotations

from typing import Final

from fleet.payments.unresolved import Unresolved
from fleet.services import Services

NAMES: Final = {
    "refund-refused": "Refund refused",
    "refund-came-back": "Refund came back",
    "refund-waiting": "Refund not taken yet",
    "surplus-stuck": "Too much was paid",
    "not-settled": "Paid, not sold",
    "provider-silent": "Provider silent",
    "sale-not-stored": "Sale not stored",
    "sold-and-refunded": "Sold and refunded",
    "stranger": "Money nobody knows",
}


def open_payments(services: Services) -> list[Unresolved]:
    """The list, the oldest first; empty where nothing can be paid."""
    return services.payments.book.unresolved() if services.payments is not None else []
