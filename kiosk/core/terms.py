"""What the fleet lets this kiosk offer, and how its links read: from the latest terms it has heard, or from the store."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from content.links import (
    LIFE_DAYS,
    BadLink,
    Token,
    advert_hash,
    basket_link,
    day_of,
    front_link,
    product_link,
    release_hash,
    sign,
)
from content.model import Store

_BASE: Final = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,64}){0,4}\Z")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}\Z")
_KEY: Final = re.compile(r"[0-9a-fA-F]{32,128}\Z")


class Terms(Struct, frozen=True, kw_only=True):
    """Terms as the fleet said them (mqtt.messages.Terms)."""

    methods: tuple[str, ...]
    domain: str = ""  # the host people read on their phones after a product's code
    link_base: str = ""
    link_key: str = ""  # hexadecimal
    link_kid: int = 0


def sound(terms: Terms) -> Terms:
    """Terms without what cannot be used: an address that is none, a key that is none. Methods are taken as they are."""
    base = terms.link_base.rstrip("/")
    signs = bool(_KEY.match(terms.link_key)) and 0 <= terms.link_kid <= 15
    return Terms(
        methods=tuple(dict.fromkeys(terms.methods)),
        domain=terms.domain if _HOST.match(terms.domain) else "",
        link_base=base if _BASE.match(base) else "",
        link_key=terms.link_key if signs else "",
        link_kid=terms.link_kid if signs else 0,
    )


def offered(store: Store, terms: Terms | None) -> tuple[str, ...]:
    """The methods to show: the store's that are in the terms, in the terms' order; all of the store's without terms."""
    if terms is None:
        return store.methods
    return tuple(method for method in terms.methods if method in store.methods)


class Links(Struct, frozen=True, kw_only=True):
    """How the addresses of one kiosk are written; unsigned without a key."""

    base: str
    kiosk: str
    key: str = ""
    kid: int = 0
    release: int = 0  # content.links.release_hash of the store's version
    advert: int = (
        0  # content.links.advert_hash of the one that brought somebody; shelves, which all see, have none
    )

    def version(self, store: str) -> str:
        """Names a state of the shelves: that of the store and of what its links are written with."""
        if not self.key:
            return store if not self.release else f"{store} {self.base}"
        return f"{store} {self.base} {self.kid}"

    def product(self, facing: int, gtin: str, now: int | None) -> str:
        """The link of a product at its place; `now` in Unix seconds, None where the clock is not trusted."""
        return product_link(self.base, self.kiosk, facing, gtin, self._token(facing, now))

    def basket(self, digits: str, now: int | None) -> str:
        """The link of a basket that leaves on a phone (content.carry)."""
        return basket_link(self.base, self.kiosk, digits, 0, self._token(0, now))

    def front(self, now: int | None) -> str:
        """The link of the shop's front."""
        return front_link(self.base, self.kiosk, self._token(0, now))

    def _token(self, facing: int, now: int | None) -> str:
        """Nothing is signed by a clock that nobody has set: its day would be over, or never end."""
        if not self.key or now is None:
            return ""
        token = Token(kid=self.kid, day=day_of(now) + LIFE_DAYS, release=self.release, advert=self.advert)
        try:
            return sign(bytes.fromhex(self.key), self.kiosk, facing, token)
        except BadLink:  # a clock after 2046, or before 2024
            return ""


def links_of(host: str, kiosk: str, terms: Terms | None, version: str, advert: str = "") -> Links:
    """The links of a kiosk that sells from the store `version`. `host` is what it was configured with, `advert` the key of
    the one that brought whoever is here.
    """
    if terms is None:
        return Links(base=host, kiosk=kiosk)
    return Links(
        base=terms.link_base or host,
        kiosk=kiosk,
        key=terms.link_key,
        kid=terms.link_kid,
        release=release_hash(version),
        advert=advert_hash(advert),
    )
