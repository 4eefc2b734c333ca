"""The GS1 resolver: `/01/{gtin}`, from a pack, a wall or another shop, to what is known of the product.

A Digital Link without a wall is redirected (307) to the product's page, as the standard has it. One with a wall's path
stem is answered with the page at once: a redirect costs a second underground, and the address is ours alone.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.model import Product
from fleet.web.shop import digital_link
from fleet.web.shop.digital_link import JSON_LD, LINKSET, BadUri, Key
from fleet.web.shop.lane import Gone, Lane, say_of
from fleet.web.words import LANGUAGES, words

OPEN_TO_ALL: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-expose-headers": "Link, Location",
    "cross-origin-resource-policy": "cross-origin",
}


def routes(lane: Lane) -> list[BaseRoute]:
    """`/01/{gtin}/...`, `/.well-known/gs1resolver`."""
    resolver = Resolver(lane)
    return [
        Route("/01/{rest:path}", lane.kindly(resolver.resolve), methods=["GET", "HEAD", "OPTIONS"]),
        Route("/.well-known/gs1resolver", resolver.described, methods=["GET"]),
    ]


class Resolver:
    """What a Digital Link asks for, answered."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def described(self, request: Request) -> Response:
        """The resolver description file."""
        catalogue = self._lane.services.catalogue
        name = catalogue.current().store.names.get("en", "Endcap") if catalogue else "Endcap"
        described = digital_link.description_file(self._lane.public(request), f"{name} resolver")
        return _json(described, "application/json")

    async def resolve(self, request: Request) -> Response:
        """Redirect to the product's page, or answer what else was asked for."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=OPEN_TO_ALL | {"allow": "GET, HEAD, OPTIONS"})
        key = self.key(request)
        if not key.canonical:
            return self.canonical(request, key, "/01/")
        product = await run_in_threadpool(self.product, key)
        page = f"/p/{key.gtin}"
        answer = await self.other(request, key, product, page)
        if answer is None:
            answer = RedirectResponse(page + digital_link.passed_on(request.url.query), 307)
            answer.headers.update(OPEN_TO_ALL | {"vary": "accept", "link": self.link(request, key)})
        return answer

    def key(self, request: Request) -> Key:
        """What stands behind /01/. Raises Gone("code") where it is no GTIN."""
        try:
            return digital_link.read_key(request.path_params["rest"])
        except BadUri:
            raise Gone("code", 400) from None

    def product(self, key: Key) -> Product:
        """The product of a key. Raises Gone where we do not have it."""
        product = self._lane.catalogue().product(key.gtin)
        if product is None:
            raise Gone("product")
        return product

    def canonical(self, request: Request, key: Key, before: str) -> Response:
        """A GTIN of 8, 12 or 13 digits is asked for again with 14, for good."""
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{before}{key.path}{query}", 308, headers=OPEN_TO_ALL)

    def link(self, request: Request, key: Key) -> str:
        """The Link header that leads to the linkset (RFC 8288)."""
        return (
            f'<{self._lane.public(request)}/01/{key.path}?linkType=linkset>; rel="linkset"; type="{LINKSET}"'
        )

    async def other(self, request: Request, key: Key, product: Product, page: str) -> Response | None:
        """The answer where something else than the page is asked for, else None. Raises Gone for what is not there."""
        asked = digital_link.wanted(request.headers.get("accept", ""), request.query_params)
        if asked == "page":
            return None
        public, link = self._lane.public(request), self.link(request, key)
        if asked == "linkset":
            titles = {tag: _titles(tag) for tag in LANGUAGES}
            linkset = digital_link.linkset(product, key, public, page, titles)
            context = (
                f'<{digital_link.CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="{JSON_LD}"'
            )
            return _json(linkset, LINKSET, f"{link}, {context}")
        if asked in ("json-ld", "type:masterData"):
            say = say_of(request)
            described = digital_link.json_ld(
                product, public, page, say.text(product.names), say.text(product.descriptions),
                self._lane.services.ratings.of(product.gtin), self._lane.now(),
            )  # fmt: skip
            return _json(described, JSON_LD, link)
        kind = asked.removeprefix("type:")
        if kind not in digital_link.types_of(product):
            raise Gone("link")
        address = digital_link.target(
            page, kind, request.query_params.get("lang", "") and say_of(request).language
        )
        return RedirectResponse(address, 307, headers=OPEN_TO_ALL | {"link": link, "vary": "accept"})


def _json(content: Any, kind: str, link: str = "") -> Response:
    headers = OPEN_TO_ALL | {"vary": "accept, accept-language", "cache-control": "public, max-age=300"}
    return Response(
        msgspec.json.encode(content), media_type=kind, headers=headers | ({"link": link} if link else {})
    )


def _titles(language: str) -> dict[str, str]:
    say = words(language)
    return {
        "pip": say("link.pip"), "nutritionalInfo": say("facts.nutrition"), "ingredientsInfo": say("product.ingredients"),
        "allergenInfo": say("product.allergens"), "consumerHandlingStorageInfo": say("fact.storage"),
    }  # fmt: skip
