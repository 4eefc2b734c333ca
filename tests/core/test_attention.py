"""Which kiosk this is, said over everything but money; and the dark panel of a night, which a touch wakes."""

from __future__ import annotations

import pytest

from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.attention import attended, money_in_flight
from kiosk.core.present import present
from tests.core.journeys import MILK, Journey

ASKED = ("CMD1", "demo/s1/K1", "green", 20)


def identified(j: Journey) -> views.Identify | None:
    return present(j.session).frame.identify


def test_it_is_said_for_as_long_as_was_asked() -> None:
    j = Journey()
    assert ef.TellIdentified("CMD1", "time") not in j.happens(ev.IdentifyAsked, *ASKED)
    assert identified(j) == views.Identify("demo/s1/K1", "green")
    j.view(views.Attract)
    j.wait(19_000)
    assert identified(j) is not None
    assert ef.TellIdentified("CMD1", "time") in j.wait(1_100)
    assert identified(j) is None


def test_a_touch_ends_it_and_counts_for_the_shop() -> None:
    j = Journey()
    j.happens(ev.IdentifyAsked, *ASKED)
    assert ef.TellIdentified("CMD1", "touched") in j.happens(ev.ProductAdded, MILK, 1)
    assert identified(j) is None
    assert j.view(views.Wall).frame.basket_count == 1


def test_a_later_command_takes_its_place() -> None:
    j = Journey()
    j.happens(ev.IdentifyAsked, *ASKED)
    assert ef.TellIdentified("CMD1", "another") in j.happens(ev.IdentifyAsked, "CMD2", "demo/s1/K1", "red", 5)
    assert identified(j) == views.Identify("demo/s1/K1", "red")


def test_it_never_lies_over_a_payment_unless_forced() -> None:
    j = Journey()
    j.pay_by_link()
    assert money_in_flight(j.session)
    assert ef.TellIdentified("CMD1", "money") in j.happens(ev.IdentifyAsked, *ASKED)
    assert identified(j) is None
    j.happens(ev.IdentifyAsked, *ASKED, True)
    assert identified(j) is not None
    j.view(views.Pay)


def test_it_is_said_at_night_with_the_lamp_on() -> None:
    j = Journey()
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    assert views.dark(present(j.session))
    j.happens(ev.IdentifyAsked, *ASKED)
    shown = j.view(views.Asleep)
    assert shown.frame.identify is not None
    assert not views.dark(shown)
    j.wait(21_000)
    assert views.dark(present(j.session))


def test_an_advert_it_covers_is_not_counted_as_played() -> None:
    """Somebody pays for plays: only what stood on the glass counts, before it and after it."""
    j = Journey()
    j.wait(4_000)
    before = [
        each.shown_ms
        for each in j.happens(ev.IdentifyAsked, "CMD1", "demo/s1/K1", "green", 60)
        if isinstance(each, ef.RecordPlay)
    ]
    assert before == [4_000]
    covered = [each for _ in range(7) for each in j.wait(8_500)]
    assert not [each for each in covered if isinstance(each, ef.RecordPlay)]
    assert ef.TellIdentified("CMD1", "time") in j.wait(500)
    j.wait(3_000)
    after = [each.shown_ms for each in j.happens(ev.Started) if isinstance(each, ef.RecordPlay)]
    assert after == [3_000]


def test_the_panel_is_dark_at_night_once_nobody_has_been_here_for_a_while() -> None:
    j = Journey()
    j.happens(ev.ProductAdded, MILK, 1)
    j.happens(ev.NightChanged, True)
    j.view(views.Wall)
    j.wait(60_000)
    j.wait(60_000)
    j.view(views.Asleep)
    assert not attended(j.session)


def test_adverts_nobody_can_see_are_not_played() -> None:
    j = Journey()
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    j.view(views.Asleep)
    assert not [each for each in j.wait(600_000) if isinstance(each, ef.RecordPlay)]


@pytest.mark.parametrize("closed", [False, True])
def test_a_touch_wakes_it_and_it_sleeps_again(closed: bool) -> None:
    j = Journey()
    if closed:
        j.happens(ev.ServiceClosed, "out-of-service")
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    j.view(views.Asleep)
    j.happens(ev.Touched)
    j.view(views.Closed if closed else views.Attract)
    j.wait(31_000)
    j.view(views.Asleep)


@pytest.mark.parametrize("closed", [False, True])
def test_the_morning_wakes_it(closed: bool) -> None:
    j = Journey()
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    if closed:
        j.happens(ev.ServiceClosed, "out-of-service")
        j.view(views.Asleep)
    j.happens(ev.NightChanged, False)
    j.view(views.Closed if closed else views.Attract)


def test_whoever_wakes_it_with_a_code_is_heard() -> None:
    j = Journey()
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    j.happens(ev.CodeScanned, "gtin", MILK.gtin, MILK, 1)
    j.view(views.ProductDetail)


def test_somebody_who_pays_into_the_night_finishes() -> None:
    j = Journey()
    j.pay_by_link()
    j.happens(ev.NightChanged, True)
    j.wait(31_000)
    j.view(views.Pay)
