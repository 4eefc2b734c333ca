"""What the chooser promises, whatever is booked and however often somebody comes."""

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from content.playlist import HOW, Creative, Pacing, Playlist, PlaylistEntry
from content.schedule import Hours, Window, is_on
from tests.content.playlist.loops import MONDAY, Shown, creative, loop, run

HOUR = 3_600_000
SOME = settings(deadline=None, max_examples=20)

seconds = st.integers(4, 60)
visits = st.lists(st.tuples(st.integers(1, 900_000), st.integers(1, 1_800_000)), max_size=12)
half_hours = st.integers(0, 47).map(lambda n: n * 30)
hours = st.none() | st.builds(
    lambda zone, since, until, untrusted: Hours(
        timezone=zone, windows=(Window(days=tuple(range(7)), since=since, until=until),), untrusted=untrusted
    ),
    st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]), half_hours, half_hours,
    st.sampled_from(["on", "off"]),
)  # fmt: skip
pacing = st.none() | st.builds(
    Pacing, plays_per_day=st.integers(0, 10_000), plays_per_flight=st.integers(0, 10**6)
)


@st.composite
def playlists(draw: st.DrawFn) -> tuple[list[Creative], list[Playlist]]:
    """Creatives, and up to three playlists with anything booked: too much as well."""
    creatives = [creative(f"c{n}", draw(seconds)) for n in range(draw(st.integers(0, 6)))]
    keys = st.sampled_from([each.key for each in creatives] or ["gone"])
    entries = st.builds(
        PlaylistEntry, creative=keys, booking=st.sampled_from(["", "a", "b"]), weight=st.integers(1, 5),
        share_per_mille=st.just(0) | st.integers(1, 600), most_per_hour=st.just(0) | st.integers(1, 40), hours=hours,
        pacing=pacing,
    )  # fmt: skip
    lists = [
        Playlist(key=f"p{n}", entries=tuple(draw(st.lists(entries, max_size=5))))
        for n in range(draw(st.integers(1, 2)))
    ]
    if draw(st.booleans()):
        own = Playlist(
            key="operator", entries=tuple(draw(st.lists(entries, max_size=4))), contract_per_mille=draw(st.integers(1, 900))
        )  # fmt: skip
        lists.append(own)
    return creatives, lists


def own_share(shown: list[Shown], per_mille: int) -> None:
    """The contract's part of every hour of owed time that ends with a slide, or somewhere within one."""
    owed = [each for each in shown if each.owed]
    for last in range(len(owed)):
        total = own = 0
        for each in reversed(owed[: last + 1]):
            part = min(each.shown_ms, HOUR - total)
            total, own = total + part, own + (part if each.own else 0)
            if total == HOUR:
                break
        assert own * 1000 >= per_mille * total, (last, own, total)


@SOME
@given(playlists(), visits)
def test_no_creative_is_over_its_cap_in_any_hour(
    drawn: tuple[list[Creative], list[Playlist]], coming: list[tuple[int, int]]
) -> None:
    creatives, lists = drawn
    shown = list(run(loop(*lists, creatives=creatives), 2 * HOUR, visits=coming))
    for playlist in lists:
        for entry in playlist.entries:
            if entry.most_per_hour:
                starts = [each.start_ms for each in shown if each.slide == entry.creative]
                for index, start in enumerate(starts):
                    assert sum(each < start + HOUR for each in starts[index:]) <= entry.most_per_hour


@SOME
@given(playlists(), visits, st.none() | st.just(MONDAY))
def test_the_contract_has_its_share_of_every_hour(
    drawn: tuple[list[Creative], list[Playlist]], coming: list[tuple[int, int]], now: int | None
) -> None:
    creatives, lists = drawn
    plan = loop(*lists, creatives=creatives)
    own_share(list(run(plan, 2 * HOUR, now=now, visits=coming)), plan.contract)


@SOME
@given(playlists(), st.integers(0, 10**9), visits)
def test_nothing_plays_outside_its_hours(
    drawn: tuple[list[Creative], list[Playlist]], off: int, coming: list[tuple[int, int]]
) -> None:
    creatives, lists = drawn
    for each in run(loop(*lists, creatives=creatives), 2 * HOUR, now=MONDAY + off, visits=coming):
        if each.slide == HOW or each.now is None:
            continue
        entries = [
            entry for one in lists for entry in one.entries if (entry.creative, entry.booking) == (each.slide, each.booking)
        ]  # fmt: skip
        # `now` are whole seconds of a running clock: the true end is less than a second after it.
        ends = each.now + -(-each.shown_ms // 1000)
        assert any(
            entry.hours is None or (is_on(entry.hours, each.now) and is_on(entry.hours, ends))
            for entry in entries
        )


@SOME
@given(playlists(), visits, st.none() | st.just(MONDAY))
def test_the_glass_is_never_blank(
    drawn: tuple[list[Creative], list[Playlist]], coming: list[tuple[int, int]], now: int | None
) -> None:
    creatives, lists = drawn
    for each in run(loop(*lists, creatives=creatives), HOUR, now=now, visits=coming):
        assert each.slide == HOW or each.slide in {one.key for one in creatives}


@SOME
@given(
    st.lists(st.tuples(seconds, st.integers(10, 300)), min_size=1, max_size=4), st.integers(0, 300), st.integers(1, 60),
)  # fmt: skip
def test_a_booking_has_its_share_less_one_play_and_a_slide_of_waiting(
    booked: list[tuple[int, int]], contract: int, other: int
) -> None:
    """Where what is promised leaves a tenth of the hour free."""
    shares = [share * (900 - contract) // 1200 for _, share in booked]
    creatives = [creative(f"b{n}", length) for n, (length, _) in enumerate(booked)]
    entries = tuple(
        PlaylistEntry(creative=f"b{n}", booking=f"b{n}", share_per_mille=max(1, share))
        for n, share in enumerate(shares)
    )
    own = Playlist(key="own", entries=(PlaylistEntry(creative="own"),), contract_per_mille=contract)
    house = Playlist(key="house", entries=(PlaylistEntry(creative="house"),))
    plan = loop(
        Playlist(key="sold", entries=entries), own, house,
        creatives=[*creatives, creative("own", other), creative("house", other)],
    )  # fmt: skip
    shown = list(run(plan, 2 * HOUR))
    longest = max(each.shown_ms for each in shown)
    for n, (length, _) in enumerate(booked):
        had = sum(
            min(each.shown_ms, max(0, each.air_ms + each.shown_ms - HOUR), max(0, 2 * HOUR - each.air_ms))
            for each in shown if each.booking == f"b{n}"
        )  # fmt: skip
        waiting = (len(booked) + 2) * longest * max(1, shares[n]) // 1000
        assert had >= max(1, shares[n]) * HOUR // 1000 - length * 1000 - waiting


@SOME
@given(playlists(), visits)
def test_what_is_promised_never_takes_all(
    drawn: tuple[list[Creative], list[Playlist]], coming: list[tuple[int, int]]
) -> None:
    """Whatever was booked, paced or owed, a turn comes round: who plainly waits is shown within a fiftieth of a share."""
    creatives, lists = drawn
    house = Playlist(key="house", entries=(PlaylistEntry(creative="house", booking="house"),))
    plan = loop(*lists, house, creatives=[*creatives, creative("house", 8)])
    shown = list(run(plan, 2 * HOUR, visits=coming))
    turns = sum(each.shown_ms for each in shown if each.kind in ("turn", "how"))
    total = sum(each.shown_ms for each in shown)
    slack = 60_000 * (len(plan.booked) + 2)
    assert turns >= total // 10 - slack
    if total >= HOUR:
        assert any(each.booking == "house" for each in shown)


@SOME
@given(st.integers(1, 10), st.integers(0, 20_000), st.sampled_from([None, 0, 5]))
def test_pacing_without_data_takes_turns_like_everybody(others: int, plays: int, target: int | None) -> None:
    """An advert whose target nobody gave, or that is far behind it, does not become the only one on the wall."""
    gone = Hours(timezone="UTC", since=date(2026, 1, 1), until=date(2026, 11, 23))
    entry = PlaylistEntry(
        creative="late", booking="late", hours=gone if target else None,
        pacing=None if target is None else Pacing(plays_per_day=0, plays_per_flight=plays if target else 0),
    )  # fmt: skip
    keys = [f"c{n}" for n in range(others)]
    plan = loop(
        Playlist(key="all", entries=(entry, *(PlaylistEntry(creative=key) for key in keys))),
        creatives=[creative("late"), *(creative(key) for key in keys)],
    )
    shown = list(run(plan, HOUR))
    late = sum(each.slide == "late" for each in shown)
    fewest = min(sum(each.slide == key for each in shown) for key in keys)
    if not plan.booked:
        assert abs(late - fewest) <= 1
    else:
        period = 8_000 * 1_000_000 // plan.booked[0].share
        assert late <= HOUR // period + 2
        assert fewest >= 1


@SOME
@given(playlists(), st.lists(st.integers(0, 2**33) | st.none(), min_size=1, max_size=30))
def test_a_clock_that_jumps_neither_starves_nor_doubles(
    drawn: tuple[list[Creative], list[Playlist]], jumps: list[int | None]
) -> None:
    """Without hours the wall clock is not asked: however it jumps, the same slides play."""
    from msgspec import structs

    from content.playlist import History, next_play, played

    creatives, lists = drawn
    timeless = [
        structs.replace(one, entries=tuple(structs.replace(entry, hours=None) for entry in one.entries)) for one in lists
    ]  # fmt: skip
    plan = loop(*timeless, creatives=creatives)
    steady = jumpy = History()
    mono = 0
    for n in range(120):
        one = next_play(plan, steady, MONDAY + mono // 1000, mono)
        assert next_play(plan, jumpy, jumps[n % len(jumps)], mono) == one
        steady = jumpy = played(steady, plan, one.slot, one.kind, one.owed, mono, one.ms)
        mono += one.ms


def test_the_day_of_the_tests_is_a_monday() -> None:
    assert datetime.fromtimestamp(MONDAY, UTC).isoformat() == "2026-11-23T00:00:00+00:00"
