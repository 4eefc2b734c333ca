"""Who is paid."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who is paid: the name commuters see and the accounts codes are made for ("" where there is none)."""

    name: str
    city: str = ""
    iban: str = ""
    bic: str = ""
    pix_key: str = ""
