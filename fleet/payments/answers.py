"""What a provider may answer about a charge, whoever wrote its adapter: one place that believes no nonsense.

An answer about another charge, or about money of no amount, does not tell what happened to ours: it is no answer, so it
is asked for again and a person sees it (fleet.payments.unresolved).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fleet.payments.port import Charge, News, ProviderDown, Refund

_MONEY: Final = (News.PAID, News.REFUNDED)


def sound(charge: Charge, reference: str, charge_id: str = "") -> Charge:
    """The charge as it may be believed: about `reference`, under the name `charge_id` where that is known.

    Money that came counts, whatever the charge is said to be. Raises ProviderDown.
    """
    if not charge.id or charge.reference != reference or charge_id not in ("", charge.id):
        raise ProviderDown(f"an answer about another charge: {charge.id[:64]!r} of {charge.reference[:64]!r}")
    paid = charge.paid.minor if charge.paid is not None else 0
    if paid < 0 or charge.refunded_minor < 0 or (charge.news in _MONEY and not paid):
        raise ProviderDown(
            f"{charge.news.value} with {paid} paid and {charge.refunded_minor} given back, in minor units"
        )
    if paid and charge.news not in _MONEY:
        return replace(charge, news=News.PAID, reason="")
    return charge if paid else replace(charge, paid=None)


def sound_refund(refund: Refund, charge_id: str, minor: int) -> Refund:
    """The refund, where it is of that charge and amount. Raises ProviderDown."""
    if (refund.charge_id, refund.minor) != (charge_id, minor):
        raise ProviderDown(
            f"a refund of {refund.minor} minor units of {refund.charge_id[:64]!r}, not {minor}"
        )
    return refund
