"""The station operator's line: in the languages of the place, in its hours, still long enough to be read."""

from content.playlist import Ticker, TickerLine
from content.schedule import Hours, Window
from kiosk import views
from kiosk.core import events as ev
from tests.core.journeys import WALL_MS, Journey

TRAIN = TickerLine(key="train", texts={"en": "Last train 00:40", "zh": "末班车 00:40"})
LIFT = TickerLine(key="lift", texts={"en": "Lift out of order", "zh": "电梯故障", "ar": "المصعد معطل"})


def told(journey: Journey) -> tuple[str, str] | None:
    view = journey.view(views.Attract) if not journey.session.aisle else journey.view(views.Wall)
    return (view.frame.ticker.language, view.frame.ticker.text) if view.frame.ticker else None


def over(journey: Journey, ms: int) -> list[tuple[str, str] | None]:
    found = [told(journey)]
    until = journey.mono_ms + ms
    while journey.mono_ms < until:
        journey.wait(1_000)
        if told(journey) != found[-1]:
            found.append(told(journey))
    return found


def test_while_nobody_is_here_each_line_is_said_in_every_language() -> None:
    j = Journey(ticker=Ticker(lines=(TRAIN, LIFT)))
    assert over(j, 58_000) == [
        ("en", "Last train 00:40"), ("zh", "末班车 00:40"), ("ar", "Last train 00:40"), ("en", "Lift out of order"),
        ("zh", "电梯故障"), ("ar", "المصعد معطل"),
    ]  # fmt: skip


def test_whoever_shops_reads_it_in_their_language_and_pays_without_it() -> None:
    j = Journey(ticker=Ticker(lines=(LIFT,)))
    j.happens(ev.Started)
    j.happens(ev.LanguageChosen, "ar")
    assert told(j) == ("ar", "المصعد معطل")
    assert "ticker" not in j.due  # there is no other
    j.shop().checkout()
    assert j.view(views.ChooseMethod).frame.ticker is None


def test_a_line_comes_and_goes_with_its_hours_by_itself() -> None:
    second = WALL_MS // 1000
    minute = second % 86_400 // 60
    begins = (60 - second % 60) * 1000
    window = Window(days=tuple(range(7)), since=(minute + 1) % 1440, until=(minute + 2) % 1440)
    j = Journey(
        ticker=Ticker(
            lines=(TickerLine(key="a", texts={"en": "Now"}, hours=Hours(timezone="UTC", windows=(window,))),)
        )
    )
    assert told(j) is None
    j.wait(begins)
    assert told(j) is not None
    j.wait(60_000)
    assert told(j) is None


def test_an_urgent_line_is_alone_while_it_lasts() -> None:
    urgent = TickerLine(key="fire", texts={"en": "Exit A is closed"}, urgent=True)
    j = Journey(ticker=Ticker(lines=(TRAIN, urgent)))
    assert {text for each in over(j, 60_000) if each for text in each[1:]} == {"Exit A is closed"}


def test_without_a_clock_a_line_with_hours_waits_for_it() -> None:
    day = Window(days=tuple(range(7)), since=0, until=720), Window(days=tuple(range(7)), since=720, until=0)
    hours = Hours(timezone="UTC", windows=day)
    j = Journey(ticker=Ticker(lines=(TickerLine(key="a", texts={"en": "Now"}, hours=hours),)))
    assert told(j) is not None
    j.take(ev.TimerFired(ev.Stamp(j.mono_ms, 5, trusted=False), "slide"))
    assert told(j) is None
