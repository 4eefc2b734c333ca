"""Adverts measured: what was promised beside what was played, how far each came, and rows any spreadsheet may open."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import BigInteger, LargeBinary

from content.links import advert_hash, day_of
from content.model import Advert, Store
from content.playlist import Pacing, Playlist, PlaylistEntry
from content.schedule import Hours, Window
from fleet import tables
from fleet.measuring import export, grades, proof, share
from fleet.measuring.asked import Asked, BadAsk, asked, check_names
from fleet.measuring.contract import OnTimes, Promises
from fleet.rollouts.repository import Releases
from fleet.store.store import Store as Database
from mqtt.messages import KioskEvent
from tests.fleet.pages.fleets import came
from tests.fleet.samples import event

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = 1_795_392_000_000  # 2026-11-23T00:00Z, a Monday
ASK = Asked(from_ms=MIDNIGHT, to_ms=MIDNIGHT + DAY)
KIOSK = "metro/central/K1"
MORNING = Hours(timezone="UTC", windows=(Window(days=tuple(range(7)), since=360, until=720),))

Play = tuple[str, int, dict[str, object]]
Say = Callable[..., None]


def shop(*entries: PlaylistEntry, contract: int = 200) -> Store:
    """The operator's fifth is `metro`'s, the rest is sold."""
    own = Playlist(key="own", entries=(PlaylistEntry(creative="metro"),), contract_per_mille=contract)
    sold = Playlist(key="sold", entries=entries)
    adverts = tuple(
        Advert(key=key, picture=f"{key}.webp", headlines={"en": key}, seconds=10)
        for key in ("metro", "bank", "tea")
    )
    return Store(
        key="demo",
        names={"en": "Demo"},
        currency="EUR",
        languages=(),
        aisles=(),
        adverts=adverts,
        playlists=(own, sold),
    )


@pytest.fixture
def say(store: Database) -> Say:
    """Plays by key, as a kiosk tells them: (advert, ms since midnight, more)."""
    seqs = iter(range(1, 100_000))

    def tell(*plays: Play) -> None:
        told: list[KioskEvent] = []
        for advert, at_ms, more in plays:
            fields: dict[str, object] = {
                "advert": advert, "wall_ms": MIDNIGHT + at_ms, "clock": "synced", "shown_ms": 10_000,
                "playlist": "own" if advert == "metro" else "sold", "kind": "contract" if advert == "metro" else "booked",
                "booking": "" if advert == "metro" else f"B-{advert}",
            }  # fmt: skip
            told.append(structs.replace(event(next(seqs), "play", advert=advert), **(fields | more)))
        store.commit([came(KIOSK, each, MIDNIGHT + DAY) for each in told])

    return tell


def report(store: Database, published: Store, ask: Asked = ASK, now_ms: int = MIDNIGHT + DAY) -> share.Share:
    with store.read() as connection:
        return share.share(connection, ask, Promises(Releases(None), published), now_ms)


def test_a_fifth_that_was_kept_and_a_booking_that_was_not(store: Database, say: Say) -> None:
    """An hour of loop: 600 s metro, 400 s bank, 200 s how-it-works told with the plays."""
    plays = [("metro", HOUR + place * 10_000, {"how_ms": 2_000}) for place in range(60)]
    plays += [("bank", HOUR + place * 10_000, {"how_ms": 2_000}) for place in range(40)]
    say(*plays)
    told = report(store, shop(PlaylistEntry(creative="bank", booking="B-bank", share_per_mille=500)))
    assert told.loop_ms == 1_200_000
    contract, bank = told.rows
    assert (contract.kind, contract.owed_ms, contract.delivered_ms, contract.short_plays) == (
        "contract",
        240_000,
        600_000,
        0,
    )
    assert (bank.kind, bank.booking, bank.owed_ms, bank.delivered_ms) == ("share", "B-bank", 600_000, 400_000)
    assert (bank.short_ms, bank.short_plays, bank.delivered_per_mille) == (200_000, 20, 333)
    assert [(hour.at_ms, hour.loop_ms, hour.owed_ms) for hour in told.hours] == [
        (MIDNIGHT + HOUR, 1_200_000, 240_000)
    ]


def test_nothing_is_owed_outside_the_hours_of_a_booking(store: Database, say: Say) -> None:
    say(*[("metro", hour * HOUR + place * 10_000, {}) for hour in (2, 7) for place in range(30)])
    [_, bank] = report(
        store, shop(PlaylistEntry(creative="bank", booking="B-bank", share_per_mille=100, hours=MORNING))
    ).rows
    assert (bank.owed_ms, bank.short_plays) == (30_000, 3), "a tenth of the five minutes of the morning"


def test_plays_wanted_are_wanted_by_now_not_by_midnight(store: Database, say: Say) -> None:
    say(*[("tea", 7 * HOUR + place * 60_000, {}) for place in range(10)])
    wanted = shop(
        PlaylistEntry(
            creative="tea", booking="B-tea", pacing=Pacing(plays_per_day=120), hours=MORNING, most_per_hour=8
        )
    )
    [_, tea] = report(store, wanted, now_ms=MIDNIGHT + 8 * HOUR).rows
    assert (tea.kind, tea.target_plays, tea.plays, tea.short_plays) == ("pace", 40, 10, 30)
    assert (tea.most_per_hour, tea.busiest_hour) == (8, 10), "its cap was broken, and that is told"
    [_, tea] = report(store, wanted).rows
    assert tea.target_plays == 120


def test_plays_of_an_untrusted_clock_are_in_no_hour_and_are_told(store: Database, say: Say) -> None:
    say(("metro", 0, {}), ("metro", 1, {"clock": "unsynced"}), ("metro", 2, {"clock": "unsynced"}))
    later = Asked(from_ms=MIDNIGHT, to_ms=MIDNIGHT + 2 * DAY)
    told = report(store, shop(), later)
    assert (told.loop_ms, told.unsynced_plays, told.rows[0].plays, told.rows[0].unsynced_plays) == (
        10_000,
        2,
        1,
        2,
    )


def test_a_booking_that_is_in_no_playlist_any_more_is_not_forgotten(store: Database, say: Say) -> None:
    say(("bank", 0, {}))
    *_, gone = report(store, shop()).rows
    assert (gone.kind, gone.booking, gone.plays, gone.owed_ms) == ("none", "B-bank", 1, 0)
    with store.read() as connection:
        assert share.share(connection, ASK, Promises(Releases(None), None), MIDNIGHT).rows[0].kind == "none"


def test_each_grade_is_counted_from_what_is_stored(store: Database, say: Say) -> None:
    say(
        ("bank", 0, {}),
        ("bank", 1, {"drawn": True}),
        ("bank", 2, {"drawn": True, "ended": "person"}),
        ("bank", 3, {"drawn": True, "ended": "person", "touched": True, "name": "The Bank"}),
    )
    day = day_of(MIDNIGHT // 1000)
    mark = f"{{}}.{day}.0.1.{advert_hash('bank')}"
    with store.write() as connection:
        for state, opened in (("signed", 3), ("tampered", 50), ("expired", 50)):
            connection.execute(
                tables.visits.insert().values(kiosk=KIOSK, mark=mark.format(state), day=day, opened=opened)
            )
        connection.execute(
            tables.visits.insert().values(
                kiosk=KIOSK, mark=f"signed.{day}.0.1.{advert_hash('never')}", day=day, opened=2
            )
        )
        for number, (settled, state) in enumerate(
            [("sale", "signed"), ("sold", "signed"), ("refund", "signed"), ("sale", "expired")]
        ):
            empty = {
                column.name: 0 if isinstance(column.type, BigInteger) else b"" if isinstance(column.type, LargeBinary) else ""
                for column in tables.charges.c
                if not column.nullable
            }  # fmt: skip
            mine = {"reference": f"R{number}", "order": f"O{number}", "kiosk": KIOSK, "settled": settled}
            connection.execute(
                tables.charges.insert().values(**empty | mine | {"attribution": mark.format(state)})
            )
    with store.read() as connection:
        assert grades.grades(connection, ASK)[0].paid == 2, (
            "given back, or by a link that was over, is nobody's"
        )
        bank, nobody = grades.grades(connection, ASK)
        assert (bank.name, bank.plays, bank.drawn, bank.present, bank.touched, bank.scanned) == (
            "The Bank",
            4,
            3,
            2,
            1,
            3,
        )
        assert (nobody.advert, nobody.scanned) == (grades.UNKNOWN, 2), "no advert of this kiosk has that hash"


def test_rows_have_both_times_and_the_quality_of_the_clock(store: Database, say: Say) -> None:
    say(
        ("bank", 90_000, {"creative": "c1", "name": "=HYPERLINK(1)"}),
        ("bank", 91_000, {"creative": "c1", "name": "=HYPERLINK(1)"}),
    )
    ask = Asked(
        from_ms=MIDNIGHT,
        to_ms=MIDNIGHT + DAY,
        timezone="Asia/Kolkata",
        kiosk="metro/central",
        booking="B-bank",
    )
    with store.read() as connection:
        [row] = proof.plays(connection, ask)
        assert (row.minute_utc, row.minute_local, row.clock) == (
            "2026-11-23T00:01Z",
            "2026-11-23T05:31+05:30",
            "synced",
        )
        text = b"".join(export.told(proof.plays(connection, ask), proof.PlayRow, "csv")).decode()
    header, line = text.splitlines()
    assert text.endswith("\r\n")
    assert header.split(",") == list(proof.PlayRow.__struct_fields__)
    assert "'=HYPERLINK(1)" in line
    with store.read() as connection:
        assert list(proof.plays(connection, msgspec.structs.replace(ask, kiosk="metro/harbour"))) == []


@given(texts=st.lists(st.text(max_size=12), max_size=4))
def test_any_text_comes_back_and_none_is_a_formula(texts: list[str]) -> None:
    rows = [
        proof.FacingRow(
            kiosk=text, minute_utc="", minute_local="", aisle="", facing="", impressions=1, seen_ms=2
        )
        for text in texts
    ]
    text = b"".join(export.told(rows, proof.FacingRow, "csv")).decode("utf-8", "surrogatepass")
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [cell.removeprefix("'") for cell, *_ in read] == [text.removeprefix("'") for text in texts]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in read for cell in row)
    assert len(msgspec.json.decode(b"".join(export.told(rows, proof.FacingRow, "json")))) == len(texts)


@given(since=st.integers(0, 2 * 86_400), length=st.integers(1, 86_400))
def test_on_times_are_what_the_schedule_says(since: int, length: int) -> None:
    start = MIDNIGHT // 1000
    on = OnTimes(MORNING, start, start + 3 * 86_400).within(start + since, start + since + length)
    expected = sum(
        max(0, min(since + length, day * 86_400 + 43_200) - max(since, day * 86_400 + 21_600))
        for day in range(4)
    )
    assert on == expected


@pytest.mark.parametrize(
    ("since", "until", "more", "why"),
    [
        ("2026-11-24", "2026-11-23", {}, "expected a moment and a later one"),
        ("2026-11-23", "2026-11-23", {}, "a later one"),
        ("yesterday", "", {}, "expected a day such as"),
        ("1999-01-01", "2026-11-23", {}, "expected a year from 2020"),
        ("2026-11-23", "9999-01-01", {}, "expected a year from 2020"),
        ("2021-01-01", "2060-01-01", {}, "3660 days at most"),
        ("2026-11-22", "", {"timezone": "Mars/Base"}, "time zone 'Mars/Base'"),
        ("2026-11-22", "", {"kiosk": "K1"}, "TENANT/SITE/KIOSK"),
        ("2026-11-22", "", {"kiosk": "a//b"}, "TENANT/SITE/KIOSK"),
    ],
)
def test_what_cannot_be_asked_is_said(since: str, until: str, more: dict[str, str], why: str) -> None:
    with pytest.raises(BadAsk, match=why):
        asked(since, until, MIDNIGHT + DAY, **more)  # type: ignore[arg-type]


def test_unknown_names_are_said_with_those_there_are(store: Database, say: Say) -> None:
    say(("bank", 0, {}))
    with store.read() as connection:
        with pytest.raises(BadAsk, match=r"'B-9': nothing was played for it; there are B-bank"):
            check_names(connection, msgspec.structs.replace(ASK, booking="B-9"))
        with pytest.raises(BadAsk, match="no event of it was ever heard"):
            check_names(connection, msgspec.structs.replace(ASK, kiosk="metro/central/K9"))
        check_names(connection, msgspec.structs.replace(ASK, kiosk="metro/central", booking="B-bank"))
