"""Digital Links, the shop's front and its search over HTTP, and whose merit a visit is, in the real fleet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from content.carry import pack
from content.links import Token, day_of, product_link, sign, spot_text
from fleet.broker.broker import Broker
from fleet.web.shop.digital_link import LINKSET, VOC
from tests.phone_shop import APPLES, GONE, MILK, Shop, form_of, pay, phone_shop

pytestmark = pytest.mark.server
HOP = {"x-forwarded-for": "203.0.113.5", "accept-language": "en"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    with phone_shop(tmp_path_factory.mktemp("shop"), broker, "Wall-R") as running:
        yield running


@pytest.fixture
def phone(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, headers=HOP, trust_env=False) as client:
        yield client


# --- the resolver -------------------------------------------------------------------------------------------------


def test_a_link_from_a_pack_leads_to_the_products_page(phone: httpx.Client) -> None:
    for path in (f"/01/{APPLES}", f"/01/{APPLES}/", f"/01/{APPLES}/10/LOT7/21/S1"):
        answer = phone.get(f"{path}?utm=pack&linkType=gs1:defaultLink")
        assert answer.status_code == 307
        assert answer.headers["location"] == f"/p/{APPLES}?utm=pack"
        assert 'rel="linkset"' in answer.headers["link"]
        assert answer.headers["access-control-allow-origin"] == "*"
    page = phone.get(f"/01/{APPLES}", follow_redirects=True)
    assert "Gala apples" in page.text
    assert "No ratings yet" in page.text
    head = phone.head(f"/01/{APPLES}")
    assert (head.status_code, head.headers["location"]) == (307, f"/p/{APPLES}")
    asked = phone.options(f"/01/{APPLES}")
    assert (asked.status_code, "HEAD" in asked.headers["allow"]) == (204, True)


def test_a_short_gtin_is_asked_for_again_with_fourteen_digits(phone: httpx.Client) -> None:
    answer = phone.get(f"/01/{APPLES[1:]}?a=b")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/01/{APPLES}?a=b")
    answer = phone.get(f"/WALL-R/17/01/{APPLES[1:]}?q=2")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/Wall-R/17/01/{APPLES}?q=2")


@pytest.mark.parametrize("before", ["", "/wall-r/17"])
def test_all_links_of_a_product_in_one_answer(phone: httpx.Client, shop: Shop, before: str) -> None:
    by_accept = phone.get(f"{before}/01/{APPLES}", headers={"accept": LINKSET})
    by_type = phone.get(f"{before}/01/{APPLES}?linkType=linkset")
    assert by_accept.status_code == 200
    assert by_accept.headers["content-type"] == LINKSET
    assert by_accept.json() == by_type.json()
    assert "json-ld#context" in by_accept.headers["link"]
    (link,) = by_accept.json()["linkset"]
    assert link["anchor"] == f"{shop.url}/01/{APPLES}"
    for relation, targets in link.items():
        if relation != "anchor":
            for each in targets:
                assert phone.get(each["href"]).status_code == 200, relation
    assert f"{VOC}nutritionalInfo" not in link, "these apples have none"


def test_machines_get_the_product_and_unknown_types_nothing(phone: httpx.Client) -> None:
    told = phone.get(f"/01/{APPLES}", headers={"accept": "application/ld+json"})
    assert told.json()["gtin14"] == APPLES
    assert "aggregateRating" not in told.json()
    out = phone.get(f"/01/{GONE}?linkType=gs1:masterData").json()
    assert out["offers"]["availability"] == "https://schema.org/OutOfStock"
    missing = phone.get(f"/01/{APPLES}?linkType=gs1:recipeInfo")
    assert missing.status_code == 404
    described = phone.get("/.well-known/gs1resolver").json()
    assert described["supportedPrimaryKeys"] == ["01"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/01/{}", "/01/{}?linkType=//evil.example", "/01/{}?next=https://evil.example&lang=//evil.example",
        "/\\evil.example/17/01/{}", "/wall-r/17/01/{}?lang=https://evil.example&linkType=gs1:pip", "/shop?lang=//evil.example",
        "/p/{}?q=//evil.example",
    ],
)  # fmt: skip
@pytest.mark.parametrize("gtin", [APPLES, APPLES[1:]])
def test_no_address_leads_away_from_here(phone: httpx.Client, path: str, gtin: str) -> None:
    answer = phone.get(httpx.URL(phone.base_url).join("/").copy_with(raw_path=path.format(gtin).encode()))
    location = answer.headers.get("location", "/")
    assert re.match(r"/[A-Za-z0-9]", location) or location == "/", location


# --- the shop -----------------------------------------------------------------------------------------------------


def test_who_comes_without_a_code_sees_the_shop(phone: httpx.Client) -> None:
    assert phone.get("/").headers["location"] == "/shop", "the operator's page is for the operator"
    page = phone.get("/", follow_redirects=True)
    assert "Fruit" in page.text
    assert "2 for €3.00" in page.text, "offers stand in front"
    assert f'href="/p/{APPLES}?lang=en"' in page.text


def test_the_wall_goes_along_through_aisle_and_search(phone: httpx.Client) -> None:
    front = phone.get("/WALL-R/17/shop")
    aisle = re.findall(r'href="(/Wall-R/17/shop/[^"]+)"', front.text)[0]
    shelf = phone.get(aisle.replace("&amp;", "&"))
    assert f'href="/Wall-R/17/01/{MILK}?lang=en"' in shelf.text
    found = phone.get("/Wall-R/17/s?q=milhc")
    assert "These come close" in found.text
    assert f'href="/Wall-R/17/01/{MILK}?lang=en"' in found.text
    assert "Sold out" in phone.get("/s?q=banana").text
    assert "Nothing found for “&lt;xq&gt;”" in phone.get("/s?q=%3Cxq%3E").text
    assert phone.get("/shop/shoes").status_code == 404


@pytest.mark.parametrize(
    ("query", "language"), [("牛奶", "zh"), ("حليب", "ar"), ("milch", "de"), ("Milk", "en"), (MILK, "en")]
)
def test_a_product_is_found_in_every_language(phone: httpx.Client, query: str, language: str) -> None:
    page = phone.get("/s", params={"q": query, "lang": language})
    assert f"/p/{MILK}?lang={language}" in page.text


def test_a_page_that_has_not_changed_is_not_sent_again(phone: httpx.Client) -> None:
    first = phone.get(f"/p/{APPLES}")
    again = phone.get(f"/p/{APPLES}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = phone.get(f"/p/{APPLES}?lang=de", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


# --- whose merit --------------------------------------------------------------------------------------------------


def signed_spot(shop: Shop, facing: int, days: int = 2) -> str:
    """As the wall signs it today."""
    address, services = str(shop.wall.address), shop.fleet.services
    token = Token(
        kid=shop.fleet.link_keys.kid, day=day_of(services.clock() // 1000) + days, release=5, advert=3
    )
    return spot_text(facing, sign(shop.fleet.link_keys.key_for(address), "WALL-R", facing, token))


def test_a_basket_taken_along_names_its_wall_as_its_owner_does(phone: httpx.Client) -> None:
    assert "Wall-R" in phone.get(f"/WALL-R/0/B/{pack([(APPLES, 1)])}").text


def test_a_signed_link_is_kept_to_the_order_and_shown(phone: httpx.Client, shop: Shop) -> None:
    spot = signed_spot(shop, 17)
    path = product_link("", "Wall-R", 17, APPLES, spot.partition("-")[2])
    page = phone.get(path)
    form = form_of(page.text, "/basket") | {"then": "checkout"}
    assert form["spot"] == spot
    there = {"origin": shop.url}
    answer = phone.post("/basket?lang=en", data=form, headers=there)
    page = phone.get(answer.headers["location"])
    answer = phone.post("/checkout?lang=en", data=form_of(page.text, "/checkout"), headers=there)
    receipt = pay(answer.headers["location"], shop.provider).headers["location"]
    assert "Thank you" in phone.get(receipt).text

    tampered = path[:-20] + ("0" if path[-20] != "0" else "1") + path[-19:]
    assert phone.get(tampered).status_code == 200, "a bad token costs nobody the page"
    expired = f"/wall-r/{signed_spot(shop, 17, days=-1)}/01/{APPLES}"
    assert "Buy now, €1.99" in phone.get(expired).text, "nor the price"
    phone.get(f"/wall-r/17/01/{APPLES}")

    rows = shop.fleet.visits.rows(0)
    counted = {row.attribution: (row.opened, row.ordered) for row in rows if row.facing == 17}
    assert counted["signed"] == (1, 1)
    assert (counted["tampered"], counted["expired"]) == ((1, 0), (1, 0))
    seen = httpx.get(f"{shop.url}/visits", trust_env=False).text
    for words in ("Wall-R", "signed by a wall", "too old to count", "100 %"):
        assert words in seen
    assert phone.get("/visits").status_code == 403
