"""What the phone lane's pages share: the store, the desk, the reader's language, and how an answer is made.

Nobody signs in and no cookie is set: the language travels in the address, and an order's page is known to whoever
knows its number (75 random bits).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from content.references import CROCKFORD, ORDER_LENGTH
from content.store import AnyStore
from fleet import tables
from fleet.payments.desk import PaymentDesk
from fleet.safety import content_policy, posted_here
from fleet.services import Services
from fleet.web.pages import page
from fleet.web.words import LANGUAGES, Words, chosen

Endpoint = Callable[[Request], Awaitable[Response]]


class Gone(Exception):
    """There is no such page; `key` names the words that say so kindly: gone.{key}.title, gone.{key}.text."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Lane:
    """The fleet's services as the phone lane's pages use them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        pages = services.payments.pages if services.payments else ()
        self.policy = content_policy(["https:", *pages])  # a form's answer may lead on to the provider

    def kindly(self, endpoint: Endpoint) -> Endpoint:
        """Answer what is not there with a page in the reader's language, and a form from elsewhere not at all."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            if request.method == "POST" and not posted_here(request.headers):
                raise HTTPException(403)
            try:
                return await endpoint(request)
            except Gone as gone:
                return self.page(request, "phone_gone.html", say_of(request), 404, key=gone.key)

        return answer

    def page(self, request: Request, template: str, say: Words, status: int = 200, **values: Any) -> Response:
        """A page in the words of `say`. Templates see what is given, `say`, `language`, `direction`, `in_language`."""
        answer = page(
            request, template, status,
            say=say, language=say.language, direction=say.direction, languages=LANGUAGES,
            in_language=lambda tag: f"?{_query(request, tag)}", **values,
        )  # fmt: skip
        answer.headers["content-security-policy"] = self.policy
        answer.headers["cache-control"] = "private, no-cache"
        answer.headers["vary"] = "accept-language"
        answer.headers["content-language"] = say.language
        return answer

    def catalogue(self) -> AnyStore:
        """The store as it is now. Raises Gone where there is none."""
        if self.services.catalogue is None:
            raise Gone("shop")
        return self.services.catalogue.current()

    def desk(self, key: str = "shop") -> PaymentDesk:
        """The payment desk. Raises Gone(key) where nothing can be paid."""
        if self.services.payments is None:
            raise Gone(key)
        return self.services.payments

    def kiosk(self, name: str) -> str | None:
        """The address of the one kiosk of that name, in whatever case a QR code has it."""
        column = tables.kiosks.c.kiosk
        with self.services.store.read() as connection:
            found = connection.scalars(
                select(column)
                .where(func.lower(column).endswith(f"/{name.lower()}", autoescape=True))
                .limit(2)
            ).all()
        return str(found[0]) if len(found) == 1 else None

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


def new_order() -> str:
    """An order's name: 75 bits of chance."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(ORDER_LENGTH))


def is_order(text: str) -> bool:
    """Whether a text can be an order's name."""
    return len(text) == ORDER_LENGTH and set(text) <= set(CROCKFORD)


def _query(request: Request, language: str) -> str:
    quantity = request.query_params.get("q", "")
    return (f"q={quote(quantity, safe='')}&" if quantity else "") + f"lang={language}"
