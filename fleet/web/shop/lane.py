"""What the phone lane's pages share: the store, the desk, the reader's language, and how an answer is made.

Nobody signs in: the language travels in the address, and an order's page is known to whoever knows its name (75 random
bits). The order's number follows from that name and not the other way round: numbers are public, for they stand on bank
statements, in payment codes, in logs and in what walls are told, and none of those may lead to a claim code.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Hashable
from functools import wraps
from typing import Any, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from content.model import Store
from content.references import CROCKFORD, ORDER_LENGTH
from content.store import AnyStore
from fleet.limits import AtOnce, Limits, Rule
from fleet.payments.book import Entry
from fleet.payments.desk import PaymentDesk
from fleet.safety import content_policy, frames_of, posted_here
from fleet.services import Services, sold_at
from fleet.shop.search import Index, Indexes, Shelves
from fleet.web.gate import client_of, networks
from fleet.web.pages import page
from fleet.web.shop import basket_cookie
from fleet.web.shop.basket_cookie import Basket
from fleet.web.shop.kept import KeptPages
from fleet.web.shop.walls import NOWHERE, Walls, Where
from fleet.web.wire import Kept
from fleet.web.words import LANGUAGES, Words, chosen

LOOKS: Final = Rule(burst=2, per_minute=20)
ASKING: Final = 12  # pages that wait for one provider at a time; Starlette has 40 threads for all that blocks
Endpoint = Callable[[Request], Awaitable[Response]]
Drawn = tuple[Response, int | None]  # a page, and until when it is true (Unix ms; None: as long as the store)


class Gone(Exception):
    """There is no such page; `key` names the words that say so kindly: gone.{key}.title, gone.{key}.text."""

    def __init__(self, key: str, status: int = 404) -> None:
        super().__init__(key)
        self.key, self.status = key, status


class Lane:
    """The fleet's services as the phone lane's pages use them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.walls = Walls(services.store, services.link_keys, services.clock)
        self.shelves = Shelves(services.catalogue) if services.catalogue else None
        self.indexes = Indexes()
        self._kept = KeptPages()
        self._trusted = networks(services.config.trusted_proxies)
        self._looks = Limits(LOOKS)
        self.asking = AtOnce(ASKING)
        pages = services.payments.pages if services.payments else ()
        # a form's answer may lead on to the provider
        self.policy = content_policy(["https:", *pages], frames_of(services.config.public_url))

    def kindly(self, endpoint: Endpoint) -> Endpoint:
        """Answer what is not there with a page in the reader's language, and a form from elsewhere not at all."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            if request.method == "POST" and not posted_here(request.headers):
                raise HTTPException(403)
            try:
                return await endpoint(request)
            except Gone as gone:
                catalogue = self.services.catalogue
                store = catalogue.current().store if catalogue else None
                return self.page(
                    request, "phone_gone.html", say_of(request), gone.status, key=gone.key, store=store
                )

        return answer

    def page(self, request: Request, template: str, say: Words, status: int = 200, **values: Any) -> Response:
        """A page in the words of `say`. Templates see what is given, `say`, `language`, `direction`, `in_language`,
        and of where they are: `stem`, `store`, `kiosk` (a wall's name). `asked`: the `q` the page goes on with in another
        language; never the request's own, for the page may be kept for others.
        """
        values = {
            "store": None,
            "kiosk": "",
            "stem": "",
            "query": "",
            "held": self.held(request).count,
            "asked": "",
        } | values
        asked = str(values.pop("asked"))
        answer = page(
            request, template, status,
            say=say, language=say.language, direction=say.direction, languages=LANGUAGES,
            in_language=lambda tag: f"?{_query(asked, tag)}", station=_station(values["store"], str(values["kiosk"]), say), **values,
        )  # fmt: skip
        for name, value in self._headers(say):
            answer.headers[name] = value
        return answer

    async def kept(
        self,
        request: Request,
        key: tuple[Hashable, ...],
        say: Words,
        draw: Callable[[], Drawn],
        kiosk: str = "",
    ) -> Response:
        """The page of `key` in the words of `say` and in this edition of the store of that kiosk, drawn by `draw` where there
        is none.

        `key` must hold everything else the page shows. `draw` is a millisecond or two of Python and reads a file that is in
        memory: handing it to another thread took longer, and made everybody else wait for the interpreter's lock.
        """
        desk, stores = self.services.live_desk, self.services.catalogues
        edition: Hashable = stores.edition(kiosk) if stores is not None else self.edition()
        whole = (*key, say.language, edition, desk.generation if desk is not None else 0)
        now = self.services.clock()
        kept = self._kept.get(whole, now)
        if kept is None:
            answer, until_ms = draw()
            kept = Kept(
                bytes(answer.body), "text/html; charset=utf-8", self._headers(say), answer.status_code
            )
            self._kept.put(whole, kept, now, until_ms)
        return kept.answer(request)

    def _headers(self, say: Words) -> tuple[tuple[str, str], ...]:
        return (
            ("content-security-policy", self.policy),
            ("cache-control", "private, no-cache"),
            ("vary", "accept, accept-language, accept-encoding, cookie"),
            ("content-language", say.language),
        )

    async def where(self, request: Request) -> Where:
        """The wall an address names. Raises Gone for one nobody knows."""
        name = request.path_params.get("kiosk")
        if name is None:
            return NOWHERE
        spot = request.path_params["spot"]
        ready = self.walls.knows(name)  # nearly always: then no thread is needed
        found = (
            self.walls.where(name, spot) if ready else await run_in_threadpool(self.walls.where, name, spot)
        )
        if found is None:
            raise Gone("wall")
        return found

    def catalogue(self, kiosk: str = "") -> AnyStore:
        """The store as it is now where that kiosk stands (its address; "": at no wall). Raises Gone where there is none."""
        if self.services.catalogue is None:
            raise Gone("shop")
        store, desk = sold_at(self.services, kiosk), self.services.live_desk
        return store if desk is None else desk.over(store, kiosk)

    def every(self) -> list[AnyStore]:
        """The imported store, then those of releases that are open. Raises Gone where there is none."""
        found, stores = [self.catalogue()], self.services.catalogues
        return [*found, *stores.shelves.opened()] if stores is not None else found

    def catalogue_of(self, name: str) -> AnyStore:
        """The same, where the kiosk of that name stands ("": at no wall)."""
        return self.catalogue((self.kiosk(name) if name else None) or "")

    def desk(self, key: str = "shop") -> PaymentDesk:
        """The payment desk. Raises Gone(key) where nothing can be paid."""
        if self.services.payments is None:
            raise Gone(key)
        return self.services.payments

    def kiosk(self, name: str) -> str | None:
        """The address of the one kiosk of that name, in whatever case it is written."""
        return self.walls.address(name)

    async def index(self, kiosk: str = "") -> Index:
        """What is published now where that kiosk stands, to be searched. Raises Gone where there is nothing."""
        if self.shelves is None:
            raise Gone("shop")
        stores = self.services.catalogues
        if stores is not None and stores.version(kiosk):
            store = stores.at(kiosk)
            found = self.indexes.made(store)
            return await run_in_threadpool(self.indexes.of, store) if found is None else found
        made = self.shelves.made()
        return await run_in_threadpool(self.shelves.current) if made is None else made

    def edition(self) -> int:
        """Grows with every import: what the pages show is true for one edition."""
        return self.services.catalogue.edition if self.services.catalogue else 0

    @staticmethod
    def held(request: Request) -> Basket:
        """The phone's basket, as its cookie says."""
        return basket_cookie.read(request.cookies.get(basket_cookie.COOKIE, ""))

    def mark(self, name: str, spot: str) -> str:
        """What an order keeps of the wall it was begun at: Where.mark, "" for none."""
        where = self.walls.where(name, spot) if name else None
        return where.mark if where else ""

    def visited(self, request: Request) -> None:
        """Count that a wall's link was opened, where a wall we know is in the address."""
        where = self.walls.where(request.path_params["kiosk"], request.path_params["spot"])
        if where is not None and request.method == "GET":
            self.services.visits.opened(where.kiosk, where.mark)

    def looked_at(self, reference: str) -> Entry | None:
        """A charge as a page shows it. Its provider is asked on the first pages somebody opens, then at most every LOOKS
        allows: a page that reloads itself must not become the provider's flood. Where ASKING pages wait for it already it
        is not asked: one that hangs must not take the threads of pages that need none. Blocks. Raises Gone.
        """
        desk = self.desk("order")
        entry = desk.book.get(reference)
        if entry is None or self._looks.take(reference, self.services.clock()):
            return entry
        return self.asked(entry)

    def asked(self, entry: Entry) -> Entry:
        """A charge after asking its provider, unless ASKING pages wait for that one. Blocks. Raises Gone."""
        with self.asking.enter(entry.provider) as room:
            return (self.desk().look(entry.reference) if room else None) or entry

    def client(self, request: Request) -> str:
        """Who asks, for limits."""
        return client_of(request.scope, self._trusted)

    def now(self) -> int:
        """Unix seconds."""
        return self.services.clock() // 1000

    def public(self, request: Request) -> str:
        """Where phones reach these pages, without a slash at the end."""
        return self.services.config.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


def say_of(request: Request, otherwise: str = "") -> Words:
    """The words for a reader: the language in the address, else `otherwise`, else what their phone asks for."""
    wish = request.query_params.get("lang") or otherwise
    return chosen(wish, request.headers.get("accept-language", ""))


def _station(store: Store | None, kiosk: str, say: Words) -> str:
    """The name of the station a wall hangs in, "" where the store file names none: a wall's own name tells a commuter nothing."""
    here = store is not None and kiosk.lower() in (name.lower() for name in store.station.kiosks)
    return say.text(store.station.names) if store is not None and here and store.station.names else ""


def order_of(name: str) -> str:
    """The number of the order whose page has this name, as it stands in references: 75 bits of its hash."""
    digest = hashlib.blake2b(name.encode(), digest_size=10, person=b"order's number").digest()
    number = int.from_bytes(digest, "big")
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(0, 5 * ORDER_LENGTH, 5))


def new_order() -> str:
    """The name of a page of an order that is not there yet: 75 bits of chance."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(ORDER_LENGTH))


def is_order(text: str) -> bool:
    """Whether a text can be an order's number, or the name of its page."""
    return len(text) == ORDER_LENGTH and set(text) <= set(CROCKFORD)


def _query(asked: str, language: str) -> str:
    return (f"q={quote(asked, safe='')}&" if asked else "") + f"lang={language}"
