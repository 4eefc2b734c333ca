"""Programs are exchanged while nobody is buying, watched, and kept or left; a launcher starts what is written down."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from kiosk.adopting import slots as held
from kiosk.adopting.slots import Slots, Trying, Wall
from kiosk.adopting.talk import Fetching
from kiosk.software import launch
from kiosk.software.joining import Unlaunched
from kiosk.software.sides import started_from
from mqtt.commands import Running, Target
from tests.kiosk.software.shop import Builder, Kiosk
from tests.kiosk.until import until


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


@pytest.fixture
def kiosk(tmp_path: Path, builder: Builder) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path / "software", builder)
    yield made
    made.stop()


def adopted(kiosk: Kiosk, name: str) -> str:
    """Run a release until it is kept; its side."""
    kiosk.want(name)
    kiosk.until_left()
    side = kiosk.start()
    until(lambda: kiosk.running().confirmed, f"{name} is kept")
    return side


def test_a_release_is_fetched_started_when_nobody_buys_and_kept(kiosk: Kiosk, builder: Builder) -> None:
    name = builder.publish("1.1.0")
    assert kiosk.start() == ""
    kiosk.buying = True

    kiosk.want(name)

    told = kiosk.until_phase("waiting")
    assert (told.name, told.target, told.rollout, told.confirmed) == ("", name, "r1", False)
    kiosk.buying = False
    kiosk.until_left()
    assert kiosk.start("1.1.0") == "a"
    until(lambda: kiosk.running().confirmed, "it is kept")
    assert kiosk.running().name == name
    assert (kiosk.folder / "a" / "endcap.py").read_text() == "VERSION = '1.1.0'\n"
    assert (kiosk.folder / "current").readlink() == Path("a")
    assert not (kiosk.folder / "wheels").exists()


def test_the_next_one_takes_the_other_side_and_back_needs_no_fetching(kiosk: Kiosk, builder: Builder) -> None:
    first, second = builder.publish("1.1.0"), builder.publish("1.2.0")
    kiosk.start()
    assert adopted(kiosk, first) == "a"
    assert adopted(kiosk, second) == "b"
    for path in builder.repository.folder.glob("blobs/*/*"):
        path.unlink()

    assert adopted(kiosk, first) == "a"

    slots = kiosk.slots()
    assert slots.confirmed is not None
    assert slots.previous is not None
    assert (slots.confirmed.release, slots.previous.release) == (first, second)


def test_programs_that_are_unwell_are_left_for_those_before(kiosk: Kiosk, builder: Builder) -> None:
    first, second = builder.publish("1.1.0"), builder.publish("1.2.0")
    kiosk.start()
    adopted(kiosk, first)
    kiosk.want(second)
    kiosk.until_left()
    kiosk.facts = structs.replace(kiosk.facts, faults=1)  # a step of the core failed since the start

    assert kiosk.start() == "b"

    kiosk.until_left()
    kiosk.facts = structs.replace(kiosk.facts, faults=0)
    assert kiosk.start() == "a"
    told = kiosk.running()
    assert (told.name, told.confirmed, told.phase, told.reason) == (first, True, "failed", "faults")


def test_a_device_the_programs_before_had_is_missed(kiosk: Kiosk, builder: Builder) -> None:
    kiosk.facts = structs.replace(kiosk.facts, ready=frozenset({"scanner"}))
    name = builder.publish("1.1.0")
    kiosk.start()
    kiosk.want(name)
    kiosk.until_left()
    kiosk.facts = structs.replace(kiosk.facts, ready=frozenset())

    assert kiosk.start() == "a"

    kiosk.until_left()
    assert kiosk.start() == ""
    told = kiosk.running()
    assert (told.phase, told.reason) == ("failed", "devices")
    assert "scanner" in told.detail


def test_three_starts_without_a_word_and_what_was_installed_runs(kiosk: Kiosk, builder: Builder) -> None:
    name = builder.publish("1.1.0")
    kiosk.start()
    kiosk.want(name)
    kiosk.until_left()

    sides = [launch.begin(kiosk.folder, now) for now in range(4)]

    assert sides == ["a", "a", "a", ""]
    kiosk.start()
    told = kiosk.running()
    assert (told.phase, told.reason, told.name) == ("failed", "bad-starts", "")
    kiosk.want(name)  # the same wish is no new one
    assert not kiosk.left


def test_an_orderly_end_is_no_bad_start(tmp_path: Path, builder: Builder) -> None:
    kiosk = Kiosk(tmp_path / "software", builder, window_ms=10**9)
    name = builder.publish("1.1.0")
    kiosk.start()
    kiosk.want(name)
    kiosk.until_left()

    for _ in range(5):
        assert kiosk.start() == "a"
        kiosk.until_phase("trying")
        kiosk.stop()


@pytest.mark.parametrize(
    ("more", "reason"),
    [(("--from-min", "2.0"), "needs-version"), (("--from-max", "0.9"), "needs-version")],
)
def test_what_may_not_follow_is_refused(
    kiosk: Kiosk, builder: Builder, more: tuple[str, ...], reason: str
) -> None:
    name = builder.publish("3.0.0", None, *more)
    kiosk.start("1.0.0")

    kiosk.want(name)

    assert kiosk.until_phase("failed").reason == reason
    assert not (kiosk.folder / "a").exists()


def test_an_image_is_not_this_kiosks_to_exchange(kiosk: Kiosk, builder: Builder) -> None:
    from content.software import cli

    where = ["--repository", str(builder.repository.folder), "--keys", str(builder.keys)]
    assert cli.main(["--image", f"wall={'ab' * 32}", "--version", "2.0", "--name", "wall-2", *where]) == 0
    kiosk.start()

    kiosk.want("wall-2")

    assert kiosk.until_phase("failed").reason == "image"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ((sys.executable, "-c", "import a_package_nobody_has"), "a_package_nobody_has"),
        ((sys.executable, "-c", "import sys; sys.exit('is version 2')"), "is version 2"),
        (("false",), "ended with 1"),
    ],
)
def test_a_side_that_does_not_start_disturbs_nobody(
    tmp_path: Path, builder: Builder, check: tuple[str, ...], said: str
) -> None:
    kiosk = Kiosk(tmp_path / "software", builder, check)
    name = builder.publish("1.1.0")
    kiosk.start()

    kiosk.want(name)

    told = kiosk.until_phase("failed")
    assert told.reason == "does-not-start"
    assert said in told.detail
    assert not kiosk.left
    kiosk.stop()
    assert launch.begin(kiosk.folder, 1) == ""


def test_a_wheel_for_another_machine_is_refused_by_pip(kiosk: Kiosk, builder: Builder) -> None:
    from content.software import cli
    from tests.content.software.made import wheel

    made = wheel(builder.folder / "arm", "1.1.0", {"endcap.py": ""})
    other = made.with_name("endcap-1.1.0-cp27-cp27m-win32.whl")
    made.rename(other)
    where = ["--repository", str(builder.repository.folder), "--keys", str(builder.keys)]
    assert cli.main([str(other), "--version", "1.1.0", *where]) == 0
    kiosk.start()

    kiosk.want("endcap-1.1.0")

    assert kiosk.until_phase("failed").reason == "not-installed"


def test_how_it_is_fetched_is_said_once_and_by_the_updaters_own_thread(
    kiosk: Kiosk, builder: Builder
) -> None:
    name = builder.publish("1.1.0")
    night = Fetching(sources=("https://night.example",), kib_s=64, window=(60, 300))
    kiosk.start()
    assert kiosk.updater is not None

    for how in (Fetching(), night, night, Fetching()):
        kiosk.updater.fetch_by(how)
    kiosk.want(name)

    kiosk.until_left()
    assert kiosk.obeyed == [("updater", night), ("updater", Fetching())]


def test_a_kiosk_without_a_launcher_says_so() -> None:
    alone = Unlaunched()
    assert alone.running() == Running()
    alone.want(Target(name="endcap-2", rollout="r1"))
    assert (alone.running().phase, alone.running().reason) == ("failed", "no-launcher")
    assert not alone.leaving(None)  # type: ignore[arg-type]


def test_a_side_the_launcher_passed_over_is_struck_out() -> None:
    old, new = Wall("old", "a"), Wall("new", "b")

    tried = started_from(Slots(trying=Trying(new, 1), confirmed=old), "a", 5)
    assert tried.trying is None
    assert tried.refused["new"].reason == "damaged"
    assert started_from(Slots(confirmed=new, previous=old), "a", 5).confirmed == old
    assert held.walls(started_from(Slots(confirmed=new, previous=old), "", 5)) == frozenset()
    assert started_from(Slots(confirmed=new, previous=old), "b", 5) == Slots(confirmed=new, previous=old)
