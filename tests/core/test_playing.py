"""What plays while nobody is here, from the session's point of view: bookings become plays, and plays become facts."""

from datetime import date

from content.model import Advert
from content.playlist import HOW, Playlist, PlaylistEntry
from content.schedule import Hours, Window
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from tests.core.journeys import Journey, store

SHA = "ab" * 32
ADVERTS = (
    Advert(key="autumn", picture="a.webp", headlines={"en": "Autumn"}, sha256=SHA, name="Autumn at the bakery"),
    Advert(key="metro", picture="m.webp", headlines={"en": "Mind the gap"}, seconds=10),
    Advert(key="late", picture="l.webp", headlines={"en": "Late"}),
)  # fmt: skip
EVERY_DAY = tuple(range(7))


def slides(journey: Journey, count: int) -> list[str]:
    found = []
    for _ in range(count):
        found.append(journey.view(views.Attract).slide)
        journey.wait(journey.due["slide"] - journey.mono_ms)
    return found


def playing(*playlists: Playlist) -> Journey:
    return Journey(adverts=ADVERTS, playlists=playlists)


def test_a_play_says_which_creative_for_whom_and_why_it_ended() -> None:
    booked = PlaylistEntry(creative="autumn", booking="B-1", share_per_mille=300)
    j = playing(Playlist(key="sold", entries=(booked,)))
    assert slides(j, 1) == ["autumn"]
    [play] = j.did(ef.RecordPlay)
    assert (play.creative, play.name, play.playlist, play.booking) == (
        SHA,
        "Autumn at the bakery",
        "sold",
        "B-1",
    )
    assert (play.kind, play.ended, play.shown_ms) == ("booked", "end", 8_000)
    assert play.began_mono_ms == j.mono_ms - 8_000


def test_the_operators_fifth_of_an_hour_is_kept_while_people_come_and_go() -> None:
    own = Playlist(key="operator", entries=(PlaylistEntry(creative="metro"),), contract_per_mille=200)
    sold = Playlist(key="sold", entries=(PlaylistEntry(creative="autumn"), PlaylistEntry(creative="late")))
    j = playing(own, sold)
    for visit in range(40):
        slides(j, 1 + visit % 7)
        j.wait(3_000)
        j.happens(ev.Started)
        j.happens(ev.StartOverAsked)
    plays = j.did(ef.RecordPlay)
    shown = sum(play.shown_ms for play in plays if play.playlist == "operator")
    assert shown * 1000 >= 200 * j.session.history.air_ms
    assert {play.ended for play in plays} == {"end", "person"}


def test_a_slide_that_is_touched_says_so_and_how_long_the_loop_was_without_a_play() -> None:
    j = playing(
        Playlist(key="sold", entries=(PlaylistEntry(creative="autumn"), PlaylistEntry(creative="late")))
    )
    assert slides(j, 3) == ["autumn", "late", HOW]
    up = j.view(views.Attract).slide
    j.wait(2_000)
    j.happens(ev.Started, advert=up)
    *_, touched = j.did(ef.RecordPlay)
    assert (touched.ended, touched.touched, touched.shown_ms) == ("person", True, 2_000)
    assert touched.how_ms == j.session.settings.how_ms, "told with the play that came after it"
    j.happens(ev.StartOverAsked)
    other = j.view(views.Attract).slide
    j.wait(1_000)
    j.happens(ev.Started)
    *_, walked_up = j.did(ef.RecordPlay)
    assert (walked_up.advert, walked_up.ended, walked_up.touched, walked_up.how_ms) == (
        other,
        "person",
        False,
        0,
    )


def test_an_advert_ends_with_its_hours_and_the_glass_is_not_blank() -> None:
    j = playing()
    now = j.session.at.wall_ms // 1000
    minute = now % 86_400 // 60 + 1
    hours = Hours(
        timezone="UTC", windows=(Window(days=EVERY_DAY, since=(minute + 1439) % 1440, until=minute % 1440),)
    )
    j = playing(Playlist(key="sold", entries=(PlaylistEntry(creative="late", hours=hours),)))
    found = slides(j, 12)
    assert "late" in found
    assert found[-1] == HOW
    ends = [play for play in j.did(ef.RecordPlay) if play.ended == "hours"]
    assert all(play.shown_ms < 8_000 for play in ends)


def test_without_a_trusted_clock_only_what_says_so_plays() -> None:
    december = Hours(timezone="UTC", since=date(2026, 12, 1), until=date(2026, 12, 31))
    anyway = Hours(timezone="UTC", since=date(2026, 12, 1), until=date(2026, 12, 31), untrusted="on")
    entries = (PlaylistEntry(creative="autumn", hours=december), PlaylistEntry(creative="late", hours=anyway))
    j = playing(Playlist(key="sold", entries=entries))
    for _ in range(6):
        due = j.due["slide"]
        j.mono_ms = due
        j.take(ev.TimerFired(ev.Stamp(due, 5, trusted=False), "slide"))
        assert j.view(views.Attract).slide in (HOW, "late")


def test_a_new_store_keeps_count_of_the_hour() -> None:
    capped = Playlist(key="sold", entries=(PlaylistEntry(creative="autumn", most_per_hour=2),))
    j = playing(capped)
    assert slides(j, 4).count("autumn") == 2
    again = store(adverts=ADVERTS, playlists=(capped,), version="v2")
    j.happens(ev.StoreArrived, again)
    assert "autumn" not in slides(j, 20)
    j.wait(3_600_000)
    assert len(j.did(ef.RecordPlay)) == 4


def test_what_an_adopted_store_cuts_short_is_told_so() -> None:
    j = playing(Playlist(key="sold", entries=(PlaylistEntry(creative="autumn"),)))
    j.wait(2_000)
    j.happens(ev.StoreArrived, store(adverts=ADVERTS, version="v2"))
    [play] = j.did(ef.RecordPlay)
    assert (play.ended, play.shown_ms) == ("store", 2_000)
