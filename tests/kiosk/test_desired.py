"""How a kiosk is to be: the newest word holds, also after a restart; what cannot be taken is said and costs nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from kiosk.core.events import NightChanged, Stamp
from kiosk.ledger import Ledger
from kiosk.operated.backlight import Backlight
from kiosk.operated.desired import DAY, Wanted, is_night, local_minute, sound
from kiosk.views import Attract, Closed, Pay, Start
from mqtt.commands import Desired, Reported
from mqtt.messages import encode
from tests.kiosk.kiosks import Kiosk
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until

NOON = 1_795_345_200_000


@pytest.fixture(autouse=True)
def own_log_level() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def last(fleet: MemoryFleet, version: int) -> Reported:
    until(lambda: fleet.reported and fleet.reported[-1].version == version)
    return fleet.reported[-1]


def test_out_of_service_ends_the_selling_when_what_is_paid_is_done(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        pay = kiosk.buys()
        kiosk.fleet.say(Desired(version=3, by="ada", why="lift works", out_of_service=True))
        assert last(kiosk.fleet, 3).out_of_service
        kiosk.sees(Pay)
        kiosk.fleet.pays(pay.reference, 498)
        until(lambda: not isinstance(kiosk.view, Pay))
        from kiosk.views import Done

        kiosk.do(Done())
        assert kiosk.sees(Closed).reason == "out-of-service"
        kiosk.do(Start())
        kiosk.fleet.say(Desired(version=4))
        kiosk.sees(Attract)


def test_a_lower_version_is_ignored_and_the_last_one_holds_after_a_restart(tmp_path: Path) -> None:
    fleet = MemoryFleet()
    with Kiosk(tmp_path, fleet) as kiosk:
        assert last(fleet, 0).software
        fleet.say(Desired(version=7, out_of_service=True))
        kiosk.sees(Closed)
        for stale in (Desired(version=6), Desired(version=7)):
            fleet.say(stale)
        fleet.say(Desired(version=8, out_of_service=True, log_level="WARNING"))
        assert last(fleet, 8).log_level == "WARNING"
        kiosk.sees(Closed)
    fleet.reported.clear()
    with Kiosk(tmp_path, fleet) as kiosk:
        kiosk.sees(Closed)
        assert last(fleet, 8).out_of_service


def test_without_a_lamp_the_screen_itself_is_darkened(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(Desired(version=1, brightness=40))
        lamp = Backlight().there
        until(lambda: kiosk.seen[-1][0].light == (100 if lamp else 40))
        assert last(kiosk.fleet, 1).brightness == 40


def test_what_is_wrong_is_said_and_the_rest_is_taken(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(Desired(version=1, brightness=50))
        last(kiosk.fleet, 1)
        kiosk.fleet.say(
            Desired(version=2, brightness=3, sleep=(60, 60), log_level="LOUD", out_of_service=True)
        )
        said = last(kiosk.fleet, 2)
        assert (said.brightness, said.sleep, said.out_of_service) == (50, None, True)
        assert [fault.split(" ")[0] for fault in said.faults] == ["brightness", "sleep", "log_level"]
        kiosk.fleet.say_bytes(kiosk.config.address.desired, b'{"version":"x"}')
        until(lambda: "desired:" in " ".join(kiosk.fleet.reported[-1].faults))
        kiosk.sees(Closed)


@given(some.integers(0, DAY - 1), some.integers(0, DAY - 1), some.integers(0, DAY - 1))
def test_a_window_and_what_it_leaves_are_the_whole_day(start: int, end: int, minute: int) -> None:
    if start != end:
        assert is_night((start, end), minute) != is_night((end, start), minute)
    assert is_night(None, minute) is False


@given(
    some.integers(-10, 200),
    some.tuples(some.integers(-1, DAY), some.integers(-1, DAY)) | some.none(),
    some.text(max_size=8),
)
def test_what_is_taken_is_sound(brightness: int, sleep: tuple[int, int] | None, level: str) -> None:
    before = Desired(version=1, brightness=70, sleep=(10, 20), log_level="ERROR")
    taken, faults = sound(Desired(version=2, brightness=brightness, sleep=sleep, log_level=level), before)
    assert sound(taken, before) == (taken, ())
    assert taken.version == 2
    assert bool(faults) == ((taken.brightness, taken.sleep, taken.log_level) != (brightness, sleep, level))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sources": ("/etc",)}, "'/etc': expected https://HOST"),
        ({"sources": ("https://a.example/?x=1",)}, "expected https://HOST"),
        ({"sources": ("https://me:word@a.example/",)}, "expected https://HOST"),
        ({"sources": ("https://a.example:99999/",)}, "expected https://HOST"),
        ({"sources": ("https://a.example/",) * 9}, "more than 8"),
        ({"fetch_kib_s": -1}, "fetch_kib_s -1: expected 0 to"),
        ({"fetch_window": (0, DAY)}, "fetch_window [0, 1440]: expected minutes"),
    ],
)
def test_what_nobody_can_fetch_by_is_named_and_what_was_before_stands(
    wrong: dict[str, object], said: str
) -> None:
    before = Desired(version=1, sources=("https://b.example/",), fetch_kib_s=9, fetch_window=(60, 300))
    taken, faults = sound(structs.replace(before, version=2, brightness=50, **wrong), before)
    assert len(faults) == 1
    assert said in faults[0]
    assert taken == structs.replace(before, version=2, brightness=50)


def test_minutes_are_the_machines_own() -> None:
    assert 0 <= local_minute(NOON) < DAY
    assert local_minute(NOON + 60_000) == (local_minute(NOON) + 1) % DAY


class Hours:
    """A clock whose trust and time are set by hand."""

    boot = "b1"

    def __init__(self) -> None:
        self.trusted, self.minute = True, 0

    def wall_ms(self) -> int:
        return NOON

    def mono_ms(self) -> int:
        return 1

    def quality(self) -> str:
        return "synced" if self.trusted else "unsynced"

    def off_ms(self) -> int:
        return 0

    def stamp(self) -> Stamp:
        return Stamp(1, NOON, self.trusted)


class Lamps:
    """A panel with a lamp, as the kernel shows it."""

    def __init__(self, folder: Path) -> None:
        self.lamp = folder / "lamps" / "rpi"
        self.lamp.mkdir(parents=True)
        (self.lamp / "max_brightness").write_text("255")
        (self.lamp / "brightness").write_text("255")
        self.folder = folder / "lamps"

    @property
    def now(self) -> int:
        return int((self.lamp / "brightness").read_text())


def wanted(ledger: Ledger, hours: Hours, lamps: Path, said: list[Reported]) -> Wanted:
    def report(reported: Reported) -> bool:
        said.append(reported)
        return True

    return Wanted(
        ledger,
        hours,
        lambda name, ms, item: None,
        report,
        lambda: "v1",
        "s1",
        Backlight(lamps),
        lambda ms: hours.minute,
    )


def test_the_night_begins_and_ends_by_a_trusted_clock_only(tmp_path: Path) -> None:
    hours, said = Hours(), list[Reported]()
    ledger = Ledger(tmp_path / "l", hours)
    kiosk = wanted(ledger, hours, tmp_path / "none", said)
    hours.trusted, hours.minute = False, 30
    assert list(kiosk.heard(encode(Desired(version=1, sleep=(0, 300))), hours.stamp())) == []
    assert "the clock is not trusted" in said[-1].faults[0]
    hours.trusted = True
    assert list(kiosk.look(hours.stamp())) == [NightChanged(hours.stamp(), True)]
    assert said[-1].faults == ()
    assert list(kiosk.look(hours.stamp())) == []
    hours.minute = 300
    assert list(kiosk.look(hours.stamp())) == [NightChanged(hours.stamp(), False)]
    ledger.close()


def test_a_panel_with_a_lamp_is_dimmed_by_it(tmp_path: Path) -> None:
    hours, said, lamps = Hours(), list[Reported](), Lamps(tmp_path)
    ledger = Ledger(tmp_path / "l", hours)
    kiosk = wanted(ledger, hours, lamps.folder, said)
    list(kiosk.heard(encode(Desired(version=1, brightness=60)), hours.stamp()))
    assert (lamps.now, kiosk.light) == (153, 100)
    kiosk.shine(dark=True)
    assert lamps.now == 0
    kiosk.shine(dark=False)
    assert lamps.now == 153
    (lamps.lamp / "max_brightness").write_text("bright")
    list(kiosk.heard(encode(Desired(version=2, brightness=30)), hours.stamp()))
    assert kiosk.light == 30, "the screen does it instead"
    assert "backlight: rpi: max_brightness is no number" in said[-1].faults[0]
    ledger.close()
