"""Alerts on the glass, told as stories: what they cover, what goes on beneath, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from content.alerts import LONGEST_MS, Alert, Wording
from kiosk.core import diagram
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.events import Stamp
from kiosk.core.present import present
from kiosk.core.session import step
from kiosk.core.state import Attracting, Browsing, Closed, GuidedTest, Reviewing, Sleeping, Tapping, Thanking
from kiosk.guided import Step
from kiosk.views import Asleep, Attract, Basket, Emergency, Pay, Thanks, dark, reading_ms
from tests.core.journeys import MILK, WALL_MS, Journey, store

FIRE = Alert(
    id="fire",
    words={
        "en": Wording("Leave the station", "Smoke in hall B.", "Use the stairs."),
        "ar": Wording("غادروا المحطة"),
        "fr": Wording("Quittez la gare"),
    },
    sender="City Metro",
    severity="extreme",
    sign="exit",
)


def says(j: Journey, *alerts: Alert) -> tuple[ef.AnyEffect, ...]:
    return j.happens(ev.AlertsArrived, alerts, WALL_MS + j.mono_ms)


def test_it_has_the_glass_in_the_stations_languages_and_gives_back_a_basket() -> None:
    j = Journey().shop(MILK)
    j.happens(ev.BasketOpened)
    before = j.view(Basket)
    effects = says(j, FIRE)
    view = j.view(Emergency)
    assert [words.language for words in view.words] == ["en", "ar"], "the store's, in its order"
    assert view.words[0].instruction == "Use the stairs."
    assert effects[-1] == ef.TellAlerts((FIRE,))
    for touched in (ev.StartOverAsked, ev.Touched, ev.Dismissed):
        assert j.happens(touched) == ()
        assert j.view(Emergency) == view
    j.wait(600_000)
    assert j.view(Emergency) == view, "nobody is idle beside it"
    assert says(j)[-1] == ef.TellAlerts(())
    assert j.view(Basket) == before
    j.wait(30_000)
    assert j.view(Basket) == before, "whoever looked at it has the whole patience again"
    j.wait(60_000)
    assert isinstance(j.session.state, Attracting)


def test_a_payment_confirmed_meanwhile_is_recorded_and_thanked_for_afterwards() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    says(j, FIRE)
    effects = j.paid(reference)
    assert any(isinstance(effect, ef.RecordSale) for effect in effects)
    assert isinstance(j.session.state, Thanking)
    j.view(Emergency)
    j.wait(300_000)
    says(j)
    assert j.view(Thanks).reference == reference
    j.wait(24_000)
    j.view(Thanks)
    j.wait(2_000)
    j.view(Attract)


def test_a_payment_in_flight_comes_back_with_what_is_left_of_its_time() -> None:
    j = Journey()
    j.pay_by_link(MILK)
    until = j.view(Pay).until_ms
    says(j, FIRE)
    j.wait(60_000)
    says(j)
    assert j.view(Pay).until_ms == until
    says(j, FIRE)
    j.wait(200_000)
    j.view(Emergency)
    assert j.did(ef.QueryCharge), "its own time ran out beneath, and it was asked about"
    says(j)
    assert not isinstance(present(j.session), Pay)


def test_no_card_is_taken_beside_it_and_the_search_for_one_goes_on_afterwards() -> None:
    j = Journey().shop(MILK).checkout()
    j.happens(ev.MethodChosen, "card")
    assert ef.ArmReader(False) in says(j, FIRE)
    assert j.happens(ev.CardTapped, "token") == ()
    j.wait(100_000)
    assert ef.ArmReader(True) in says(j)
    assert isinstance(j.session.state, Tapping)
    assert j.session.state.until_ms == j.mono_ms + j.session.settings.tap_ms


def test_the_gravest_comes_first_and_then_they_take_turns_among_themselves() -> None:
    j = Journey()
    wind = structs.replace(FIRE, id="wind", severity="moderate")
    says(j, wind)
    assert j.view(Emergency).alert == "wind"
    says(j, wind, FIRE)
    seen = [(j.view(Emergency).alert, j.view(Emergency).position)]
    for _ in range(3):
        j.wait(sum(reading_ms(words) for words in j.view(Emergency).words))
        seen.append((j.view(Emergency).alert, j.view(Emergency).position))
    assert seen == [("fire", 1), ("wind", 2), ("fire", 1), ("wind", 2)]
    says(j, wind)
    assert (j.view(Emergency).alert, j.view(Emergency).count) == ("wind", 1)


def test_an_exercise_waits_while_anything_is_real() -> None:
    j = Journey()
    drill = structs.replace(FIRE, id="drill", exercise=True)
    says(j, drill)
    assert j.view(Emergency).exercise
    says(j, drill, structs.replace(FIRE, severity="minor"))
    view = j.view(Emergency)
    assert (view.alert, view.count, view.exercise) == ("fire", 1, False)


def test_it_begins_and_ends_by_itself_on_the_monotonic_clock() -> None:
    j = Journey()
    wall = WALL_MS + j.mono_ms
    says(j, structs.replace(FIRE, onset_ms=wall + 5_000, until_ms=wall + 20_000))
    j.view(Attract)
    j.wait(4_999)
    j.view(Attract)
    j.wait(1)
    j.view(Emergency)
    at = Stamp(j.mono_ms, WALL_MS + 10**9)  # the wall clock jumps
    j.session, _ = step(j.session, ev.FleetLost(at))
    j.view(Emergency)
    j.wait(15_000)
    j.view(Attract)


@pytest.mark.parametrize(("lasts", "shown"), [(20_000, 20_000), (10 * LONGEST_MS, LONGEST_MS)])
def test_without_a_trusted_clock_it_begins_at_once_and_lasts_as_long_as_it_was_to_last(
    lasts: int, shown: int
) -> None:
    j = Journey()
    said = WALL_MS * 2  # our clock is decades off
    alert = structs.replace(FIRE, onset_ms=said + 5_000, until_ms=said + lasts)
    session, _ = step(j.session, ev.AlertsArrived(Stamp(j.mono_ms, 1_000, trusted=False), (alert,), said))
    assert isinstance(present(session), Emergency)
    early, _ = step(session, ev.TimerFired(Stamp(j.mono_ms + shown - 1, 1_000, trusted=False), "alert"))
    assert isinstance(present(early), Emergency)
    after, _ = step(session, ev.TimerFired(Stamp(j.mono_ms + shown, 1_000, trusted=False), "alert"))
    assert isinstance(present(after), Attract)
    synced, _ = step(session, ev.FleetLost(Stamp(j.mono_ms + 1, said + lasts - 10)))
    assert isinstance(present(synced), Emergency)
    over, _ = step(synced, ev.TimerFired(Stamp(j.mono_ms + 11, said + lasts), "alert"))
    assert isinstance(present(over), Attract), "once the clock is known, it ends at its hour"


def test_one_without_an_end_stands_until_it_is_cleared_whatever_the_clock_says() -> None:
    j = Journey()
    for trusted in (True, False):
        session, _ = step(j.session, ev.AlertsArrived(Stamp(j.mono_ms, 1_000, trusted=trusted), (FIRE,)))
        later = Stamp(j.mono_ms + 10**10, 10**14, trusted=trusted)
        session, _ = step(session, ev.TimerFired(later, "alert"))
        assert isinstance(present(session), Emergency)


def test_a_panel_that_sleeps_is_lit_and_sleeps_again() -> None:
    j = Journey()
    j.happens(ev.NightChanged, True)
    j.wait(60_000)
    assert dark(j.view(Asleep))
    says(j, FIRE)
    assert not dark(j.view(Emergency))
    says(j)
    assert isinstance(j.session.state, Sleeping)


def test_plays_and_looks_count_until_it_comes_and_from_when_it_is_gone() -> None:
    j = Journey()
    j.wait(3_000)
    assert [play.shown_ms for play in says(j, FIRE) if isinstance(play, ef.RecordPlay)] == [3_000]
    j.wait(60_000)
    says(j)
    j.wait(2_000)
    j.happens(ev.Started)
    assert [play.shown_ms for play in j.did(ef.RecordPlay)] == [3_000, 2_000]
    j.happens(ev.AisleOpened, "dairy")
    j.happens(ev.FacingsSeen, ((1, 500),))
    assert [one.seen for one in says(j, FIRE) if isinstance(one, ef.RecordImpressions)] == [((1, 1, 500),)]
    assert j.happens(ev.FacingsSeen, ((2, 500),)) == ()
    says(j)
    assert isinstance(j.session.state, Browsing)
    assert len(j.did(ef.RecordImpressions)) == 1


def test_a_new_store_and_a_closing_wait_for_its_end() -> None:
    j = Journey()
    says(j, FIRE)
    j.happens(ev.StoreArrived, store(version="v2"))
    j.happens(ev.ServiceClosed, "maintenance")
    j.view(Emergency)
    assert not j.did(ef.AdoptStore)
    says(j)
    assert isinstance(j.session.state, Closed)
    assert j.did(ef.AdoptStore) == [ef.AdoptStore("v2")]


def test_a_guided_test_is_covered_at_once_and_goes_on_afterwards() -> None:
    """Out of service waits for a test to end; an alert does not."""
    j = Journey()
    shown = Step("scanner", "scan", 60_000, "CODE", asks=True)
    j.happens(ev.DeviceTestStepped, shown)
    says(j, FIRE)
    j.view(Emergency)
    j.wait(120_000)
    says(j)
    assert j.session.state == GuidedTest(shown, j.mono_ms + 60_000)
    says(j, FIRE)
    j.happens(ev.DeviceTestEnded)
    j.view(Emergency)
    assert j.happens(ev.DeviceTestStepped, shown) == (ef.TellDeviceTest("busy"),)


def test_which_kiosk_this_is_gives_way_and_is_not_said_beside_it() -> None:
    j = Journey()
    j.happens(ev.IdentifyAsked, "C1", "demo/s1/k1", "green", 60, True)
    assert ef.TellIdentified("C1", "alert") in says(j, FIRE)
    assert j.happens(ev.IdentifyAsked, "C2", "demo/s1/k1", "green", 60, True) == (
        ef.TellIdentified("C2", "alert"),
    )
    assert j.view(Emergency).frame.identify is None


def test_a_notice_waits_until_it_can_be_read() -> None:
    j = Journey().shop(MILK)
    j.happens(ev.BasketOpened)
    says(j, FIRE)
    j.happens(ev.PhoneSale, "K7Q2000000", "K7Q2-9MXT")
    j.wait(60_000)
    says(j)
    assert isinstance(j.session.state, Reviewing)
    notice = j.view(Basket).frame.notice
    assert notice is not None


def test_words_that_changed_are_shown_at_once_and_told() -> None:
    j = Journey()
    says(j, FIRE)
    calmer = structs.replace(FIRE, words={"en": Wording("Stay where you are")})
    assert says(j, calmer) == (ef.TellAlerts((calmer,)),)
    assert j.view(Emergency).words[0].headline == "Stay where you are"


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        ({"zh-Hant": Wording("x"), "en-GB": Wording("y")}, ["en-GB", "zh-Hant"]),
        ({"fr": Wording("x"), "it": Wording("y")}, ["fr", "it"]),
        ({"en": Wording("x"), "en-GB": Wording("y"), "fr": Wording("z")}, ["en"]),
    ],
)
def test_the_stations_languages_are_found_by_their_beginning_and_all_there_are_where_none_fits(
    words: dict[str, Wording], tags: list[str]
) -> None:
    j = Journey()
    says(j, structs.replace(FIRE, words=words))
    assert [one.language for one in j.view(Emergency).words] == tags


def test_from_every_screen_there_is_it_comes_at_once_and_gives_that_screen_back() -> None:
    for session in diagram.walk()[1]:
        covered, _ = step(session, ev.AlertsArrived(session.at, (FIRE,)))
        assert isinstance(present(covered), Emergency), diagram.label(session)
        back, _ = step(covered, ev.AlertsArrived(session.at, ()))
        expected: Any = session.closing and type(session.closing).__name__
        assert diagram.label(back) in (diagram.label(session), expected)
        assert (back.basket, back.order, back.pending) == (session.basket, session.order, session.pending)
