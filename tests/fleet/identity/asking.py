"""Kiosks that ask to be let in, without a kiosk: keys, requests, and a fleet's desk for them."""

from __future__ import annotations

import weakref
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from fleet.identity.authority import Authority
from fleet.identity.book import Book
from fleet.identity.enrolments import Enrolments
from fleet.store.store import Store
from kiosk.identity.identity import make_key, public_of, request_of
from mqtt.enrolment import Ask, Told, code_of
from mqtt.topics import Address
from tests.stores import store_url

MOST = 40  # that may wait
NOW = 1_795_000_000_000
KIOSK = Address("acme", "north", "K1")


class Desk:
    """The fleet's side on a clock of the test's."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.store = Store(store_url(folder / "fleet.db"))
        weakref.finalize(self, self.store.close)  # a connection to PostgreSQL that nobody closes complains
        self.authority = Authority(folder, NOW)
        self.book = Book(self.store, lambda: self.now)
        self.again()

    def again(self) -> None:
        """The fleet's process starts anew."""
        self.enrolments = Enrolments(
            self.store, self.authority, self.book, ("broker.example", 8883), lambda: self.now, most=MOST
        )

    def ask(self, key: bytes, source: str = "192.0.2.7", board: str = "Raspberry Pi 5") -> Told:
        request = request_of(key, "kiosk").decode()
        return self.enrolments.ask(Ask(request=request, board=board, version="1.0"), source)

    def waiting(self) -> str:
        """The only one that waits."""
        (one,) = self.enrolments.pending()
        return one.key_id

    def let_in(self, address: Address = KIOSK, *, replace: bool = False) -> bytes:
        """A new kiosk that asks and is let in; its key."""
        key = make_key()
        self.ask(key)
        assert self.enrolments.approve(self.waiting(), address, "Ana", "new", replace=replace) == ""
        return key

    def code(self, key: bytes) -> str:
        return code_of(public_of(key), self.authority.root.public_bytes(Encoding.DER))
