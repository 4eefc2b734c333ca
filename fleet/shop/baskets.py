"""Baskets on their way from a phone to a kiosk, fetched there by six characters.

A code is 30 bits of chance and good for half an hour; what lies under it is products and quantities, the language they
were chosen in and the wall they came from, and nothing that says whose they are. Whoever answers guesses limits how
many anybody may make (fleet.web's rate limits, the kiosk's own): with MOST_LIVE baskets one guess in 50,000 hits.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select

from content.carry import Lines, pack, unpack
from content.references import BASKET_BITS, basket_code_of, parse_basket_code
from fleet import tables
from fleet.clock import Clock
from fleet.store.store import Store

LIFE_MS: Final = 30 * 60_000
MOST_LIVE: Final = 20_000
_BASKETS: Final = tables.baskets


class NoRoom(Exception):
    """As many baskets are on their way as are kept: somebody plays, or the fleet is far too small."""


class Carried(Struct, frozen=True, kw_only=True):
    """A basket on its way: `lines` of (GTIN-14, quantity), in the order they were put in."""

    code: str
    lines: tuple[tuple[str, int], ...]
    language: str
    kiosk: str  # address of the wall it was begun at, "" where none
    expires_ms: int


class Baskets:
    """The baskets in the fleet's store. Every method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chance: Callable[[int], int] = secrets.randbits,
        most: int = MOST_LIVE,
    ) -> None:
        """`chance(bits)` draws a number of that many bits; `most` baskets are kept at a time."""
        self._store, self._clock, self._chance, self._most = store, clock, chance, most

    def put(self, lines: Lines, language: str, kiosk: str) -> str:
        """Keep a basket and return its code. Raises content.carry.BadCarry for lines that are none, NoRoom."""
        row = {"digits": pack(lines), "language": language, "kiosk": kiosk}
        now = self._clock()
        with self._store.write() as connection:
            self._sweep(connection, now)
            live = connection.scalar(select(func.count()).select_from(_BASKETS)) or 0
            if live >= self._most:
                raise NoRoom(f"{live} baskets are on their way")
            while True:  # a code that is taken is drawn again: one in 50,000 at worst
                code = basket_code_of(self._chance(BASKET_BITS))
                if self._store.insert_new(
                    connection, _BASKETS, [row | {"code": code, "expires_ms": now + LIFE_MS}]
                ):
                    return code

    def by_code(self, text: str) -> Carried | None:
        """The basket somebody means by what they typed; None where there is none, or not any more.

        It stays until it expires: a kiosk that asks twice, because the first answer was lost, hears the same.
        """
        code = parse_basket_code(text)
        if code is None:
            return None
        column = _BASKETS.c
        with self._store.read() as connection:
            row = connection.execute(
                select(_BASKETS).where(column.code == code, column.expires_ms > self._clock())
            ).one_or_none()
        if row is None:
            return None
        return Carried(
            code=row.code, lines=tuple(unpack(row.digits)), language=row.language, kiosk=row.kiosk,
            expires_ms=row.expires_ms,
        )  # fmt: skip

    def sweep(self) -> int:
        """Forget what has expired; how many baskets that were. `put` does it too."""
        with self._store.write() as connection:
            return self._sweep(connection, self._clock())

    @staticmethod
    def _sweep(connection: Connection, now: int) -> int:
        return connection.execute(delete(_BASKETS).where(_BASKETS.c.expires_ms <= now)).rowcount
