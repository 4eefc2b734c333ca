"""A row of the table: what a scheme can carry, what its code tells the payee, its two functions and its JSON names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fleet.payments.codecs import iso4217, names
from fleet.payments.codecs.errors import BadPayload

Confirmation = Literal["push", "poll", "statement", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a scheme keeps the payee's reference: the field's JSON name ("" for nowhere), the rule in words, and as a
    regular expression a reference matches as a whole ("" where words must do)."""

    field: str = ""
    rule: str = "carries none"
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One scheme. `fields` is a frozen dataclass: its field names are the scheme's JSON names, a field without default
    is needed, and `rules` says of each what it may be ("creditor.pcode" for one inside another)."""

    key: str
    title: str
    begins: tuple[str, ...]  # every payload begins like one of these; capitals do not matter
    fields: type[Any]
    build: Callable[[Any], str]
    parse: Callable[[str], Any]
    rules: Mapping[str, str]
    example: Mapping[str, Any]  # JSON that works
    currencies: tuple[str, ...]  # ISO 4217 (BTC for bitcoin); empty: any
    amounts: tuple[int, int]  # least and most, in units of `decimals`
    decimals: int = 2  # at most so many in an amount
    open_amount: bool  # may the payer fill in the amount?
    amount_in_code: bool = True  # False: only the provider who made the code knows
    reference: Reference
    expires: bool  # does the payload carry an expiry?
    confirmation: Confirmation
    confirms: str  # in words: who learns of the payment, and how
    recognises: Callable[[str], bool] = lambda payload: True  # of those that begin so, which are its own
    tolerated: Callable[[str], Sequence[str]] = (
        lambda payload: ()
    )  # what of a read payload breaks its specification
    charset: Callable[[Any], str] = lambda fields: "utf-8"  # of the QR symbol, from the fields

    def owns(self, payload: str) -> bool:
        """Is this payload of this scheme, right or wrong?"""
        start = payload[: max(map(len, self.begins))].lower()
        return start.startswith(tuple(begin.lower() for begin in self.begins)) and self.recognises(payload)

    def from_json(self, value: object) -> Any:
        """The fields from a parsed JSON object. Raises BadPayload for names missing, unknown or of a wrong type."""
        return names.read(self.fields, value, self.rules)

    def to_json(self, fields: Any) -> dict[str, Any]:
        """The fields by JSON name."""
        return names.write(fields)

    def asks(self, fields: Any) -> tuple[str, str] | None:
        """The decimal amount and currency (its letters) the fields ask for; None where the code leaves the amount open
        or out."""
        amount: str | None = getattr(fields, "amount", None)
        if amount is None:
            return None
        currency: str = getattr(fields, "currency", "")
        return amount, iso4217.letters(currency or self.currencies[0])


__all__ = ["BadPayload", "Confirmation", "Reference", "Scheme"]
