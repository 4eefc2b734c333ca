"""Bookings that cannot be kept, and tickers nobody could read, are refused with the place."""

from datetime import date

import pytest

from content.playlist import Creative, Pacing, Playlist, PlaylistEntry, Ticker, TickerLine
from content.playlist.checks import checks
from content.schedule import Hours

CREATIVES = [Creative(key=key, picture="", headlines={"en": key}) for key in "ab"]
DECEMBER = Hours(timezone="UTC", since=date(2026, 12, 1), until=date(2026, 12, 31))


def entry(creative: str = "a", **more: object) -> PlaylistEntry:
    return PlaylistEntry(creative=creative, **more)  # type: ignore[arg-type]


def own(per_mille: int, *entries: PlaylistEntry, key: str = "own", groups: tuple[str, ...] = ()) -> Playlist:
    return Playlist(key=key, entries=entries or (entry(),), contract_per_mille=per_mille, groups=groups)


def sold(*entries: PlaylistEntry) -> Playlist:
    return Playlist(key="sold", entries=entries)


def mistakes(*playlists: Playlist, ticker: Ticker | None = None) -> list[tuple[str, str]]:
    return list(checks(CREATIVES, playlists, ticker, ("en", "de")))


def test_what_can_be_kept_has_no_mistakes() -> None:
    line = TickerLine(key="a", texts={"en": "The last train leaves at 00:40"}, hours=DECEMBER)
    shares = sold(entry(share_per_mille=350), entry("b", share_per_mille=350, hours=DECEMBER))
    assert mistakes(own(200), shares, ticker=Ticker(lines=(line,))) == []
    apart = sold(entry(share_per_mille=600, groups=("u2",)), entry(share_per_mille=600, groups=("u8",)))
    assert mistakes(own(200, groups=("u2",)), own(200, key="other", groups=("u8",)), apart) == []
    lines = [
        Playlist(key=line, entries=(entry(share_per_mille=800),), groups=(line,)) for line in ("u2", "u8")
    ]
    assert mistakes(own(200, groups=("u5",)), *lines) == []
    assert mistakes(sold(entry(pacing=Pacing(plays_per_flight=9000), hours=DECEMBER))) == []


@pytest.mark.parametrize(
    ("playlists", "path", "rule"),
    [
        ([sold(entry("gone"))], "playlists[0].entries[0].creative", "found 'gone'"),
        ([sold(entry(weight=0))], "playlists[0].entries[0].weight", "1 to 100, found 0"),
        ([sold(entry(share_per_mille=-1))], "playlists[0].entries[0].share_per_mille", "found -1"),
        ([sold(entry(most_per_hour=3601))], "playlists[0].entries[0].most_per_hour", "0 to 3600"),
        ([sold(entry(hours=Hours(timezone="Mars")))], "playlists[0].entries[0].hours.timezone", "IANA"),
        ([sold(entry(pacing=Pacing(plays_per_day=-1)))], "playlists[0].entries[0].pacing", "0 or more"),
        ([sold(entry(pacing=Pacing(plays_per_day=1, plays_per_flight=1), hours=DECEMBER))],
         "playlists[0].entries[0].pacing", "not both"),
        ([sold(entry(pacing=Pacing(plays_per_day=1), share_per_mille=1))], "playlists[0].entries[0].pacing", "either"),
        ([sold(entry(pacing=Pacing(plays_per_flight=1)))],
         "playlists[0].entries[0].pacing.plays_per_flight", "first and a last day"),
        ([sold(*[entry()] * 501)], "playlists[0].entries", "500 at most"),
        ([own(901)], "playlists[0].contract_per_mille", "0 to 900, found 901"),
        ([own(200), own(100, key="other")], "playlists[1].contract_per_mille", "playlists[0] has it already"),
        ([Playlist(key="own", entries=(), contract_per_mille=200)], "playlists[0].entries", "one at least"),
        ([sold(entry()), sold(entry())], "playlists[1].key", "again"),
        ([own(200), sold(entry(share_per_mille=400), entry("b", share_per_mille=301))],
         "playlists[1].entries[0]", "700 per mille at most where it plays, found 701"),
        ([sold(entry(pacing=Pacing(plays_per_day=10_000)))], "playlists[0].entries[0]", "found 926"),
    ],
)  # fmt: skip
def test_a_booking_that_is_wrong_is_named(playlists: list[Playlist], path: str, rule: str) -> None:
    [found] = mistakes(*playlists)
    assert found[0] == path
    assert rule in found[1]


@pytest.mark.parametrize(
    ("ticker", "path", "rule"),
    [
        (Ticker(area_per_mille=300), "ticker.area_per_mille", "100 to 250"),
        (Ticker(seconds=3), "ticker.seconds", "can be read"),
        (Ticker(lines=tuple(TickerLine(key=f"{n}", texts={"en": "x"}) for n in range(21))), "ticker.lines", "20 at most"),
        (Ticker(lines=(TickerLine(key="a", texts={"en": "x"}),) * 2), "ticker.lines[1].key", "again"),
        (Ticker(lines=(TickerLine(key="a", texts={"de": "x"}),)), "ticker.lines[0].texts", "'en', the first language"),
        (Ticker(lines=(TickerLine(key="a", texts={"en": "x" * 201}),)), "ticker.lines[0].texts.en", "120 letters"),
        (Ticker(lines=(TickerLine(key="a", texts={"en": "x", "zh": "站" * 61}),)), "ticker.lines[0].texts.zh", "found 122"),
        (Ticker(seconds=4, lines=(TickerLine(key="a", texts={"en": "x" * 61}),)), "ticker.lines[0].texts.en", "for 4 s"),
        (Ticker(lines=(TickerLine(key="a", texts={"en": "x"}, hours=Hours(timezone="UTC", windows=())),)),
         "ticker.lines[0].hours.windows", "one at least"),
    ],
)  # fmt: skip
def test_a_ticker_that_is_wrong_is_named(ticker: Ticker, path: str, rule: str) -> None:
    [found] = mistakes(ticker=ticker)
    assert found[0] == path
    assert rule in found[1]
