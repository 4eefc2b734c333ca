"""Methods: how a commuter may pay. A method is a payload (a scheme's code, or the provider's own) plus a provider.

What counts is the *effective* confirmation: what the provider promises for this method, and only without any promise
what the scheme's code does by itself. A method one pays by and takes the goods must hear of the money on the spot
(push or poll); anything else is refused when it is built, not when a commuter stands there having paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from content.money import Money
from fleet.merchant import Merchant
from fleet.payments.codecs import SCHEMES, BadPayload, Confirmation, Scheme, bank_ids, epc, pix_static
from fleet.payments.marks import MARKS, check
from fleet.payments.port import Caps, Provider

ON_THE_SPOT: frozenset[Confirmation] = frozenset({"push", "poll"})


class BadMethod(ValueError):
    """A method that can not be offered as it was asked for; one line that says why."""


class CannotConfirm(BadMethod):
    """A method nobody could confirm in time was to be offered as "pay now and take"."""


Payload = Callable[[Merchant, Money, str], str]


def _epc(merchant: Merchant, amount: Money, reference: str) -> str:
    return epc.build(
        epc.Epc(
            name=merchant.name, iban=merchant.iban, bic=merchant.bic, amount=amount.decimal(),
            reference=bank_ids.make_rf(reference),
        )
    )  # fmt: skip


def _pix_static(merchant: Merchant, amount: Money, reference: str) -> str:
    return pix_static.build(
        pix_static.PixStatic(
            key=merchant.pix_key, name=merchant.name[:25], city=merchant.city[:15], amount=amount.decimal(),
            txid=reference,
        )
    )  # fmt: skip


# Methods whose payload we write ourselves; of all others the provider makes the payload, or none is needed ("card").
_PAYLOADS: dict[str, Payload] = {"epc": _epc, "pix-static": _pix_static}


@dataclass(frozen=True, slots=True)
class Method:
    """One way to pay now and take. Built by `take_now`. `schemes`: whose codes may be shown, () where none is."""

    key: str
    provider: Provider
    merchant: Merchant
    schemes: tuple[Scheme, ...]
    confirmation: Confirmation

    @property
    def currencies(self) -> frozenset[str]:
        """What it can be paid in: what its provider takes for it and one of its codes can say."""
        caps = self.provider.caps
        taken = caps.in_currency.get(self.key, caps.currencies)
        if not self.schemes or MARKS[self.key].own_unit or not all(each.currencies for each in self.schemes):
            return taken
        return taken & frozenset[str]().union(*(each.currencies for each in self.schemes))

    def accepts(self, amount: Money) -> str:
        """ "" where this amount can be paid, else the reason's key: currency, too-little, too-much."""
        caps = self.provider.caps
        if amount.currency not in self.currencies:
            return "currency"
        least, most = caps.least_minor, caps.most_minor
        if self.schemes and not MARKS[self.key].own_unit:
            fitting = [
                scheme
                for scheme in self.schemes
                if not scheme.currencies or amount.currency in scheme.currencies
            ]
            least = max(least, min(scheme.amounts[0] for scheme in fitting))
            most = min(most, max(scheme.amounts[1] for scheme in fitting))
        if amount.minor < least:
            return "too-little"
        return "too-much" if amount.minor > most else ""

    def payload(self, amount: Money, reference: str, providers_own: str, *, scanned: bool = True) -> str:
        """What the QR says: our scheme's code, else the provider's own. Raises BadPayload where that is not to be shown."""
        write = _PAYLOADS.get(self.key)
        payload = write(self.merchant, amount, reference) if write else providers_own
        if self.key != "card":
            check(self.key, tuple(scheme.key for scheme in self.schemes), amount, payload, scanned=scanned)
        return payload


def effective(key: str, caps: Caps) -> Confirmation:
    """How we hear of money paid by this method: the provider's promise, else what the code we write does, else none.

    A code the provider would have to make is nothing without its promise, whatever its scheme does elsewhere.
    """
    written = SCHEMES.get(key) if key in _PAYLOADS else None
    return caps.promises.get(key, written.confirmation if written else "none")


def take_now(key: str, provider: Provider, merchant: Merchant, scheme: str = "") -> Method:
    """A method to pay now and take the goods; `scheme`, where given, is the only one its codes may be in.

    Raises CannotConfirm where neither provider nor scheme tells of the money on the spot, BadMethod for a mark nobody
    knows or whose codes we cannot check, BadPayload where the merchant lacks the account the method's code is made for.
    """
    mark = MARKS.get(key)
    if mark is None:
        raise BadMethod(f"{key!r} is none of {', '.join(MARKS)}")
    confirmation = effective(key, provider.caps)
    if confirmation not in ON_THE_SPOT:
        raise CannotConfirm(
            f"{key!r} by {provider.key!r} is confirmed by {confirmation}: it can not be offered as pay now and take"
        )
    if scheme and scheme not in mark.schemes:
        raise BadMethod(
            f"scheme {scheme!r}: a code under {key!r} is in {' or '.join(mark.schemes) or 'no scheme'}"
        )
    schemes = tuple(each for each in mark.known() if scheme in ("", each.key))
    if mark.schemes and not schemes:
        raise BadMethod(f"{key!r}: there is no codec to check its codes with")
    if key in _PAYLOADS:  # a wrong account shows here
        _PAYLOADS[key](merchant, Money(1, schemes[0].currencies[0]), "0123456789ABCDEF")
    method = Method(key, provider, merchant, schemes, confirmation)
    if not method.currencies:
        raise BadMethod(
            f"{key!r} by {provider.key!r}: there is no currency both the code and the provider know"
        )
    return method


def offered(keys: Iterable[str], provider: Provider, merchant: Merchant) -> dict[str, Method]:
    """The methods `keys` by one provider, in that order. Raises as `take_now`."""
    return {key: take_now(key, provider, merchant) for key in keys}


__all__ = [
    "ON_THE_SPOT",
    "BadMethod",
    "BadPayload",
    "CannotConfirm",
    "Method",
    "effective",
    "offered",
    "take_now",
]
