"""GS1 Digital Link and resolver, the part without a web server: what a path asks for, and what is known of a product.

Sources: GS1 Digital Link URI Syntax 1.4 (path, key qualifiers, GTIN with 14 digits), GS1-Conformant Resolver 1.2 (link
types, linkset, 307 to the default link, 400 and 404), RFC 9264 (linkset as JSON), schema.org (Product).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct

from content import pricing
from content.gtin import gtin14
from content.model import Availability, Product
from fleet.shop.ratings import Rating

VOC: Final = "https://ref.gs1.org/voc/"
CONTEXT: Final = "https://ref.gs1.org/standards/resolver/linkset-context"
LINKSET: Final = "application/linkset+json"
JSON_LD: Final = "application/ld+json"
_QUALIFIERS: Final = (
    "22",
    "10",
    "21",
)  # consumer product variant, batch or lot, serial number: in this order
_VALUE: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}\Z")  # AI encodable character set 82
_PLAIN: Final = (
    "!'()*,:;=+&"  # of that set, what may stand in a path (RFC 3986 3.3); the rest is percent-encoded
)
_OFFERED: Final = ("text/html", LINKSET, "application/json", JSON_LD)
_PAGE_TYPES: Final = {
    "pip": "", "nutritionalInfo": "nutrition", "ingredientsInfo": "ingredients", "allergenInfo": "allergens",
    "consumerHandlingStorageInfo": "storage",
}  # fmt: skip


class BadUri(ValueError):
    """A path that is no GS1 Digital Link; the message says what was expected."""


class Key(Struct, frozen=True):
    """A product's key with its qualifiers: (("10", "LOT7"), ...)."""

    gtin: str  # 14 digits
    qualifiers: tuple[tuple[str, str], ...] = ()
    canonical: bool = True  # whether the path had 14 digits already

    @property
    def path(self) -> str:
        """As it stands in a Digital Link, behind /01/."""
        return "/".join([self.gtin, *(quote(part, safe=_PLAIN) for pair in self.qualifiers for part in pair)])


def read_key(rest: str) -> Key:
    """What stands behind `/01/`: a GTIN of 8, 12, 13 or 14 digits and qualifiers in order. Raises BadUri."""
    parts = rest.removesuffix("/").split("/")
    try:
        gtin = gtin14(parts[0])
    except ValueError as error:
        raise BadUri(str(error)) from None
    pairs = list(zip(parts[1::2], parts[2::2], strict=False))
    places = [_QUALIFIERS.index(ai) if ai in _QUALIFIERS else -1 for ai, _ in pairs]
    sound = (
        len(parts) % 2 == 1
        and -1 not in places
        and places == sorted(set(places))
        and all(_VALUE.match(value) for _, value in pairs)
    )
    if not sound:
        raise BadUri("after the GTIN only 22, 10 and 21 with their values, in this order")
    return Key(gtin, tuple(pairs), len(parts[0]) == 14)


def wanted(accept: str, query: Mapping[str, str]) -> str:
    """What a request asks for: "page", "linkset", "json-ld", or "type:{name}" for another link type.

    `linkType` goes before `Accept`; gs1: and the vocabulary's full address mean the same; "all" is the old name of
    "linkset".
    """
    kind = next((value for name, value in query.items() if name.lower() == "linktype"), "")
    if kind:
        short = kind.removeprefix(VOC).removeprefix("https://gs1.org/voc/").removeprefix("gs1:")
        if short in ("linkset", "all"):
            return "linkset"
        return "page" if short == "defaultLink" else f"type:{short}"
    best = _best(accept)
    return {JSON_LD: "json-ld", LINKSET: "linkset", "application/json": "linkset"}.get(best, "page")


def _best(accept: str) -> str:
    """The type of _OFFERED a reader likes best (RFC 9110 12.5.1); a page where nothing is said."""
    weights: dict[str, float] = {}
    for part in accept[:500].lower().split(","):
        name, _, rest = part.partition(";")
        weight = re.search(r"q=([01](?:\.[0-9]{0,3})?)", rest)
        weights[name.strip()] = float(weight[1]) if weight else 1.0
    other = max(weights.get("*/*", 0.0), weights.get("text/*", 0.0))
    scores = {kind: weights.get(kind, 0.0) for kind in _OFFERED} | {
        "text/html": weights.get("text/html", other)
    }
    best = max(_OFFERED, key=lambda kind: scores[kind])
    return best if scores[best] > 0 else "text/html"


def passed_on(query: str) -> str:
    """The query a redirect keeps: all of it but the resolver's own `linkType`; "" or "?...". Never a way to elsewhere."""
    pairs = [(n, v) for n, v in parse_qsl(query[:2000], keep_blank_values=True) if n.lower() != "linktype"]
    return f"?{urlencode(pairs)}" if pairs else ""


def types_of(product: Product) -> list[str]:
    """The link types there is something behind, for this product. Nothing is promised that is not there."""
    there = {
        "pip": True, "nutritionalInfo": bool(product.nutrition), "ingredientsInfo": bool(product.ingredients),
        "allergenInfo": bool(product.allergens), "consumerHandlingStorageInfo": bool(product.storage),
    }  # fmt: skip
    return [name for name, has in there.items() if has]


def target(page: str, kind: str, language: str = "") -> str:
    """The address of a link type on a product's page. `page` is its path."""
    fragment = _PAGE_TYPES[kind]
    query = "&".join(
        part for part in ("facts=1" if fragment else "", f"lang={language}" if language else "") if part
    )
    return f"{page}{'?' + query if query else ''}{'#' + fragment if fragment else ''}"


def linkset(
    product: Product, key: Key, public: str, page: str, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Everything known of a product, as RFC 9264 writes it. `names`: language -> link type -> its title there.

    `public` is our address, `page` the path of the product's page.
    """
    link: dict[str, Any] = {
        "anchor": f"{public}/01/{key.path}",
        f"{VOC}defaultLink": [{"href": f"{public}{page}", "title": names["en"]["pip"], "type": "text/html"}],
    }
    for kind in types_of(product):
        link[f"{VOC}{kind}"] = [
            {
                "href": f"{public}{target(page, kind, language)}",
                "title": titles[kind],
                "type": "text/html",
                "hreflang": [language],
            }
            for language, titles in names.items()
        ]
    link[f"{VOC}masterData"] = [
        {"href": f"{public}/01/{product.gtin}?linkType=gs1:masterData", "title": "Product", "type": JSON_LD}
    ]
    return {"linkset": [link]}


def json_ld(
    product: Product, public: str, page: str, name: str, description: str, rating: Rating, now: int
) -> dict[str, Any]:
    """The product for machines, as schema.org says it; only what is known."""
    price = pricing.price_at(product, now)
    out = product.availability is Availability.OUT_OF_STOCK
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": f"{public}/01/{product.gtin}",
        "gtin14": product.gtin,
        "name": name,
        "url": f"{public}{page}",
        "offers": {
            "@type": "Offer",
            "price": price.decimal(),
            "priceCurrency": price.currency,
            "availability": f"https://schema.org/{'OutOfStock' if out else 'InStock'}",
        },
    }
    optional = {
        "brand": {"@type": "Brand", "name": product.brand} if product.brand else None,
        "description": description or None,
        "image": f"{public}/picture/{product.gtin}" if product.picture else None,
        "countryOfOrigin": product.origin or None,
        "size": pricing.measure_text(product.size) or None,
        "aggregateRating": _aggregate(rating) if rating.count else None,
    }
    return found | {key: value for key, value in optional.items() if value is not None}


def _aggregate(rating: Rating) -> dict[str, Any]:
    average = f"{rating.tenths // 10}.{rating.tenths % 10}"
    return {"@type": "AggregateRating", "ratingValue": average, "ratingCount": rating.count, "bestRating": 5}


def description_file(public: str, name: str) -> dict[str, Any]:
    """`/.well-known/gs1resolver`: what this resolver can do (its JSON schema, resolver standard 1.2)."""
    return {
        "name": name,
        "resolverRoot": public,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOC, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }
