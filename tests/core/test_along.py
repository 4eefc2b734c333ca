"""The basket that leaves on a phone: made at the wall, without asking anybody."""

from __future__ import annotations

from content.carry import MOST_LINES, unpack
from content.links import Attribution, day_of, parse, read
from kiosk import views
from kiosk.core import events as ev
from kiosk.core.terms import Terms

from .journeys import MILK, TEA, WALL_MS, Journey, product

KEY = "3c" * 32


def gtin(n: int) -> str:
    body = f"{952110020000 + n:013d}"
    return body + str(-sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(body)) % 10)


def carried(j: Journey) -> str:
    j.happens(ev.BasketOpened)
    return j.view(views.Basket).carry


def test_it_says_what_is_in_it_and_nothing_of_anybody() -> None:
    j = Journey(online=False)
    j.happens(ev.Started)
    j.happens(ev.ProductAdded, MILK, 1, 2)
    j.happens(ev.ProductAdded, TEA, 2)
    link = parse(carried(j))
    assert link is not None
    assert (link.kind, link.kiosk, link.spot) == ("B", "K1", "0")
    assert unpack(link.value) == [(MILK.gtin, 2), (TEA.gtin, 1)]


def test_it_follows_the_basket_and_is_signed_as_the_shelves_are() -> None:
    j = Journey()
    j.happens(ev.TermsArrived, Terms(methods=("link",), link_base="https://id.example", link_key=KEY))
    j.happens(ev.Started)
    j.happens(ev.ProductAdded, MILK, 1)
    first = carried(j)
    assert first.startswith("HTTPS://ID.EXAMPLE/K1/0-")
    j.happens(ev.QuantitySet, MILK.gtin, 3)
    second = parse(j.view(views.Basket).carry)
    assert second is not None
    assert unpack(second.value) == [(MILK.gtin, 3)]
    spot = read(second.kiosk, second.spot, lambda kid: bytes.fromhex(KEY), day_of(WALL_MS // 1000))
    assert spot is not None
    assert spot.attribution is Attribution.SIGNED


def test_more_than_a_code_holds_stays_at_the_wall() -> None:
    j = Journey()
    j.happens(ev.Started)
    for n in range(MOST_LINES):
        j.happens(ev.ProductAdded, product(gtin(n), f"Tin {n}", 100, n + 1), n + 1)
    assert carried(j)
    j.happens(ev.ProductAdded, product(gtin(99), "One more", 100, 99), 99)
    assert carried(j) == ""
    j.happens(ev.QuantitySet, gtin(99), 0)
    assert carried(j)


def test_an_empty_basket_has_no_code() -> None:
    j = Journey()
    j.happens(ev.Started)
    assert carried(j) == ""
