"""GS1 Digital Link, without a server: keys, link types, content negotiation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.gtin import check_digit
from content.model import Product
from content.money import Money
from fleet.shop.ratings import Rating
from fleet.web.shop.digital_link import (
    LINKSET,
    VOC,
    BadUri,
    Key,
    json_ld,
    linkset,
    passed_on,
    read_key,
    target,
    types_of,
    wanted,
)

GTIN = "09521100100113"
TITLES = {
    "en": dict.fromkeys(
        ("pip", "nutritionalInfo", "allergenInfo", "ingredientsInfo", "consumerHandlingStorageInfo"), "x"
    )
}
PLAIN = Product(gtin=GTIN, names={"en": "Apples"}, aisle="fruit", facing=17, price=Money(199, "EUR"))


@given(st.integers(0, 10**13 - 1).filter(bool), st.sampled_from([8, 12, 13, 14]))
def test_a_gtin_of_any_length_is_one_of_fourteen_digits(number: int, length: int) -> None:
    body = f"{number % 10 ** (length - 1):0{length - 1}}"
    if not body.strip("0"):
        return
    key = read_key(body + check_digit(body))
    assert key == Key((body + check_digit(body)).rjust(14, "0"), (), length == 14)


@pytest.mark.parametrize(
    ("rest", "qualifiers"),
    [
        (GTIN, ()),
        (f"{GTIN}/", ()),
        (f"{GTIN}/10/LOT7", (("10", "LOT7"),)),
        (f"{GTIN}/22/2A/10/LOT7/21/S-1", (("22", "2A"), ("10", "LOT7"), ("21", "S-1"))),
    ],
)
def test_qualifiers_are_tolerated(rest: str, qualifiers: tuple[tuple[str, str], ...]) -> None:
    key = read_key(rest)
    assert key.qualifiers == qualifiers
    assert key.path == rest.rstrip("/")


@pytest.mark.parametrize(
    "rest",
    ["", "x", "123", "09521100100114", f"{GTIN}/foo", f"{GTIN}/10", f"{GTIN}/21/1/10/2", f"{GTIN}/10/1/10/2",
     f"{GTIN}/10/" + "x" * 21, f"{GTIN}/8011/5", f"{GTIN}/10/a b"],
)  # fmt: skip
def test_what_is_no_digital_link_is_refused(rest: str) -> None:
    with pytest.raises(BadUri, match=r"GTIN|digit"):
        read_key(rest)


@given(st.text(max_size=100))
def test_no_path_does_anything_but_that(rest: str) -> None:
    try:
        read_key(rest)
    except BadUri:
        return


@pytest.mark.parametrize(
    ("accept", "query", "asked"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", {}, "page"),
        ("", {}, "page"),
        ("*/*", {}, "page"),
        ("image/png", {}, "page"),
        (LINKSET, {}, "linkset"),
        ("application/json", {}, "linkset"),
        ("application/ld+json", {}, "json-ld"),
        ("text/html;q=0.5, application/ld+json", {}, "json-ld"),
        ("text/html, application/ld+json;q=0.5", {}, "page"),
        ("text/html", {"linkType": "linkset"}, "linkset"),
        ("text/html", {"linkType": "all"}, "linkset"),
        ("text/html", {"linktype": "gs1:pip"}, "type:pip"),
        ("text/html", {"linkType": f"{VOC}pip"}, "type:pip"),
        (LINKSET, {"linkType": "gs1:defaultLink"}, "page"),
        ("text/html;q=x", {}, "page"),
    ],
)
def test_what_is_asked_for(accept: str, query: dict[str, str], asked: str) -> None:
    assert wanted(accept, query) == asked


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_and_query_is_read(accept: str, query: str) -> None:
    wanted(accept, {"linkType": query})
    kept = passed_on(query)
    assert kept == "" or kept.startswith("?")
    assert "linktype=" not in kept.lower()
    assert "\n" not in kept
    assert "//" not in kept


def test_only_what_there_is_gets_a_link() -> None:
    assert types_of(PLAIN) == ["pip"]
    rich = Product(
        gtin=GTIN, names={"en": "Apples"}, aisle="fruit", facing=17, price=Money(199, "EUR"), storage="chilled",
        nutrition=(("fat", 100),), allergens=("nuts",), ingredients={"en": "Apples"},
    )  # fmt: skip
    assert len(types_of(rich)) == 5
    made = linkset(rich, Key(GTIN), "https://shop.example", f"/p/{GTIN}", TITLES)["linkset"][0]
    assert made["anchor"] == f"https://shop.example/01/{GTIN}"
    assert made[f"{VOC}defaultLink"][0]["href"] == f"https://shop.example/p/{GTIN}"
    for relation, links in made.items():
        if relation == "anchor":
            continue
        assert relation.startswith(VOC), "RFC 9264: a relation of one's own is an address"
        for link in links:
            assert link["href"].startswith("https://shop.example/")
            assert link["title"]
    assert target("/p/1", "nutritionalInfo", "de") == "/p/1?facts=1&lang=de#nutrition"


def test_machines_are_told_no_rating_that_is_none() -> None:
    told = json_ld(PLAIN, "https://shop.example", f"/p/{GTIN}", "Apples", "", Rating(), 0)
    assert "aggregateRating" not in told
    assert told["offers"]["price"] == "1.99"
    rated = json_ld(PLAIN, "https://shop.example", f"/p/{GTIN}", "Apples", "", Rating(3, 43), 0)
    assert rated["aggregateRating"]["ratingValue"] == "4.3"
