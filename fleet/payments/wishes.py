"""What was asked of a provider that names charges by our reference and does not tell how they were ordered.

WeChat Pay and Alipay answer a question about an order nobody has paid without its amount, its expiry or its code. So
the charge's name carries what must outlive a restart, `REFERENCE.MINOR.EXPIRES`, and the rest is remembered as long as
this process lives: asked again it orders in the same words, which both providers take for the same order.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from fleet.payments.port import ChargeRequest, ProviderRefused

MOST: Final = 4096  # wishes remembered; a charge is asked for again within minutes or not at all
_NAMED: Final = re.compile(r":([0-9A-Z]{15}):([0-9A-Z])\Z")  # at the end of kiosk:order:attempt
_NAME: Final = re.compile(r"([0-9A-Za-z_|*-]{6,32})(?:\.([0-9]{1,12})\.([0-9]{1,12}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Name:
    """A charge's name. One made of a reference alone, as notifications bring it, knows neither amount nor expiry."""

    reference: str
    minor: int = 0
    expires_s: int = 0

    def __str__(self) -> str:
        return f"{self.reference}.{self.minor}.{self.expires_s}" if self.expires_s else self.reference

    def over(self, now_s: int) -> bool:
        """Whether its time is up."""
        return 0 < self.expires_s <= now_s


def name_of(charge_id: str) -> Name:
    """Raises ProviderRefused for what can be no charge's name."""
    found = _NAME.fullmatch(charge_id)
    if found is None:
        raise ProviderRefused("unknown-charge", f"{charge_id[:40]!r} is no charge's name")
    return Name(found[1], int(found[2] or 0), int(found[3] or 0))


@dataclass(frozen=True, slots=True)
class Wish:
    """One request as it was first made; `payload` once the provider has answered with a code."""

    idem: str
    request: ChargeRequest
    name: Name
    payload: str = ""


class Wishes:
    """The newest MOST wishes. May be used from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Wish] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, request: ChargeRequest, idem: str, expires_s: int) -> Wish:
        """The wish as it was first made. Raises ProviderRefused where the key or the reference stands for another."""
        named = _NAMED.search(idem)
        if named and named[1] + named[2] != request.reference:
            raise ProviderRefused("idempotency", f"{idem!r} names another charge than {request.reference}")
        with self._lock:
            before = self._kept.get(request.reference)
            if before is None:
                name = Name(request.reference, request.amount.minor, expires_s)
                before = self._kept[request.reference] = Wish(idem, request, name)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        if (before.idem, before.request.amount) != (idem, request.amount):
            raise ProviderRefused(
                "idempotency", f"{request.reference} is about {before.request.amount.decimal()}"
            )
        return before

    def shown(self, reference: str, payload: str) -> None:
        """The provider has answered with this code."""
        with self._lock:
            if reference in self._kept:
                self._kept[reference] = replace(self._kept[reference], payload=payload)

    def payload(self, name: Name) -> str:
        """The code of a charge, "" where it is not known any more."""
        with self._lock:
            wish = self._kept.get(name.reference)
            return wish.payload if wish and wish.name == name else ""
