"""An offer with hours comes to the glass and leaves it by itself; what was seen is honoured, what is capped is kept."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from content.model import MultiBuy, Sale
from content.schedule import Hours, Window
from kiosk import views
from kiosk.core import events as ev
from kiosk.core.events import Stamp
from kiosk.core.facings import LONGEST_MS, UNSURE_MS, facing_of, fresh_ms
from kiosk.core.settings import Place, Settings
from tests.core.journeys import WALL_MS, Journey, eur, product

ZONE = "Europe/Berlin"
NOON = datetime.fromtimestamp(WALL_MS // 1000, ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0)
AT_TEN = int(NOON.replace(hour=22).timestamp())
LATE = Hours(timezone=ZONE, windows=(Window(days=(0, 1, 2, 3, 4, 5, 6), since=1320, until=120),))
ROLL = product("09521100100618", "Roll", 100, 6, further=(Sale(eur(70), hours=LATE, most=2),))
PLACE = Place(kiosk="k1")


def soon(minutes: int) -> Hours:
    """Hours that begin with the minute so many minutes after the journey begins, and last an hour."""
    begins = datetime.fromtimestamp(WALL_MS // 1000 + minutes * 60, ZoneInfo(ZONE))
    minute = begins.hour * 60 + begins.minute
    return Hours(
        timezone=ZONE, windows=(Window(days=tuple(range(7)), since=minute, until=(minute + 60) % 1440),)
    )


def test_a_facing_shows_it_from_ten_on_and_says_until_when_it_is_true() -> None:
    before, after = (facing_of(ROLL, "en", AT_TEN + shift, PLACE) for shift in (-1, 0))
    assert (before.price, before.badge) == (eur(100), "")
    assert (after.price, after.was, after.badge, after.badge_args) == (eur(70), eur(100), "sale", (30,))
    assert fresh_ms([ROLL], (AT_TEN - 60) * 1000, trusted=True) == 60_000
    assert fresh_ms([ROLL], AT_TEN * 1000, trusted=True) == LONGEST_MS
    assert fresh_ms([ROLL], 0, trusted=False) == UNSURE_MS
    assert facing_of(ROLL, "en", None, PLACE).price == eur(100)


def test_a_product_page_changes_its_price_by_itself() -> None:
    one = product("09521100100618", "Roll", 100, 6, further=(Sale(eur(70), hours=soon(1)),))
    j = Journey(Settings(wall_idle_ms=300_000))
    j.happens(ev.Started)
    j.happens(ev.ProductOpened, one, one.facing)
    assert j.view(views.ProductDetail).facing.price == eur(100)
    j.wait(25_000)
    assert j.view(views.ProductDetail).facing.price == eur(70)


def test_more_than_the_offer_gives_costs_the_normal_price() -> None:
    one = product("09521100100618", "Roll", 100, 6, further=(Sale(eur(70), most=2),))
    j = Journey()
    j.shop(one).happens(ev.BasketOpened)
    j.happens(ev.QuantitySet, one.gtin, 3)
    basket = j.view(views.Basket)
    assert (basket.total, basket.lines[0].price) == (eur(240), eur(70))


def test_an_order_holds_no_more_than_the_offer_lets_it() -> None:
    one = product("09521100100618", "Roll", 100, 6, further=(MultiBuy(2, eur(150), limit=4),))
    j = Journey()
    j.shop(one).happens(ev.BasketOpened)
    j.happens(ev.QuantitySet, one.gtin, 5)
    assert [notice.key for notice in j.session.notices] == ["line-full"]
    j.happens(ev.QuantitySet, one.gtin, 4)
    assert j.view(views.Basket).total == eur(300)


def test_a_bundle_that_ended_while_somebody_reached_for_it_is_still_given() -> None:
    began = WALL_MS // 1000 - 60
    over = Hours(
        timezone="UTC",
        windows=(Window(days=tuple(range(7)), since=(began // 60 - 60) % 1440, until=began // 60 % 1440),),
    )
    one = product("09521100100618", "Roll", 100, 6, further=(MultiBuy(2, eur(150), hours=over),))
    j = Journey(Settings(honour_s=300))
    j.happens(ev.Started)
    j.happens(ev.ProductAdded, one, one.facing, 2)
    j.happens(ev.BasketOpened)
    assert j.view(views.Basket).total == eur(150)


def test_a_line_at_an_offers_price_keeps_its_cap_after_the_offer_has_ended() -> None:
    one = product("09521100100618", "Roll", 200, 6, sale=Sale(eur(50), until=WALL_MS // 1000 + 20, limit=2))
    j = Journey(Settings(wall_idle_ms=900_000, basket_idle_ms=900_000))
    j.shop(one).happens(ev.ProductAdded, one, one.facing, 1)
    for later in (25_000, 600_000):
        j.wait(later)
        j.happens(ev.BasketOpened)
        j.happens(ev.QuantitySet, one.gtin, 10)
        basket = j.view(views.Basket)
        assert (basket.lines[0].quantity, basket.total) == (2, eur(100))


def test_right_after_a_capped_offer_more_than_it_let_have_costs_the_normal_price() -> None:
    one = product("09521100100618", "Roll", 200, 6, sale=Sale(eur(50), until=WALL_MS // 1000 + 20, limit=2))
    j = Journey()
    j.happens(ev.Started)
    j.wait(25_000)
    j.happens(ev.ProductAdded, one, one.facing, 10)
    j.happens(ev.BasketOpened)
    assert j.view(views.Basket).total == eur(2000)


def test_a_capped_offer_that_begins_gives_its_price_to_no_more_than_its_cap() -> None:
    one = product("09521100100618", "Roll", 200, 6, sale=Sale(eur(50), since=WALL_MS // 1000 + 20, limit=2))
    j = Journey()
    j.happens(ev.Started)
    j.happens(ev.ProductAdded, one, one.facing, 10)
    j.wait(25_000)
    j.happens(ev.BasketOpened)
    j.happens(ev.QuantitySet, one.gtin, 9)
    assert j.view(views.Basket).total == eur(1800), "seen at the normal price"
    j.checkout()
    basket = j.view(views.Basket)
    assert (basket.lines[0].quantity, basket.total) == (2, eur(100)), "what an order may hold by now"
    assert [notice.key for notice in j.session.notices] == ["line-full"]
    j.checkout()
    assert j.view(views.ChooseMethod).total == eur(100)


def test_an_order_that_was_made_before_a_cap_came_is_paid_as_it_is() -> None:
    one = product("09521100100618", "Roll", 200, 6, sale=Sale(eur(50), since=WALL_MS // 1000 + 20, limit=2))
    j = Journey()
    j.happens(ev.Started)
    j.happens(ev.ProductAdded, one, one.facing, 10)
    j.checkout().wait(25_000)
    j.happens(ev.WentBack)
    j.checkout()
    assert j.view(views.ChooseMethod).total == eur(2000)


class Corrected(Journey):
    """A kiosk whose clock is not trusted, or wrong, until it is set."""

    trusted, wrong_ms = True, 0

    def stamp(self) -> Stamp:
        return Stamp(self.mono_ms, WALL_MS + self.mono_ms + self.wrong_ms, self.trusted)


@pytest.mark.parametrize("wrong_ms", [0, 86_400_000])
def test_what_a_clock_showed_before_it_was_set_is_honoured_for_as_long_as_any_price(wrong_ms: int) -> None:
    never = Hours(timezone=ZONE, windows=(), untrusted="on")
    tomorrow = WALL_MS // 1000 + 80_000
    offer = Sale(eur(70), since=tomorrow) if wrong_ms else Sale(eur(70), hours=never)
    one = product("09521100100618", "Roll", 100, 6, further=(offer,))
    j = Corrected(Settings(wall_idle_ms=900_000, product_idle_ms=900_000))
    j.trusted, j.wrong_ms = bool(wrong_ms), wrong_ms
    j.happens(ev.Started)
    j.happens(ev.ProductOpened, one, one.facing)
    assert j.view(views.ProductDetail).facing.price == eur(70)
    j.trusted, j.wrong_ms = True, 0
    j.wait(50_000)
    assert j.view(views.ProductDetail).facing.price in (eur(70), eur(100)), "drawn anew with the next event"
    j.happens(ev.ProductAdded, one, one.facing, 2)
    j.happens(ev.BasketOpened)
    assert j.view(views.Basket).total == eur(140)
    j.happens(ev.StartOverAsked)
    j.wait(120_000)
    j.shop(one).happens(ev.BasketOpened)
    assert j.view(views.Basket).total == eur(100), "not for ever"
