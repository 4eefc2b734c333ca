"""Scenarios: the named ones are sound, and a file that is none is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.simulate.crew import Order, addresses
from kiosk.simulate.scenarios import NAMED, BadScenario, Step, check, chosen, load

ALL = addresses(Order(count=400))


@pytest.mark.parametrize("name", NAMED)
def test_the_named_ones_are_sound(name: str) -> None:
    check(load(name))
    assert load(name).say


def test_a_file_says_what_goes_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nsay = "Two walls lose power."\n[[steps]]\nat = 5\nwhat = "power-cut"\nwho = "K00002"\n'
    )
    scenario = load(str(path))
    assert [step.what for step in scenario.steps] == ["power-cut"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "missing required field"),
        ('name = "a"\nsay = "b"\nbegin = "late"', "a time of day"),
        ('name = "a"\nsay = "b"\nweekday = 9', r"0 \(Monday\) to 6"),
        ('name = "a"\nsay = "b"\n[[steps]]\nat = -1\nwhat = "say"', "step 1: at and minutes"),
        ('name = "a"\nsay = "b"\n[[steps]]\nat = 1\nwhat = "explode"', "Invalid enum value 'explode'"),
        ('name = "a"\nsay = "b"\n[[steps]]\nat = 1\nwhat = "device-fails"\ndevice = "mouse"', "device 'mouse'"),
        ('name = "a"\nsay = "b"\n[[steps]]\nat = 1\nwhat = "power-cut"\nwho = "x%"', "a share such as 5%"),
        ('name = "a"\nsay = "b"\nsteps = 3\n', "Expected `array`"),
        ('name = "a"\nsay = "b"\nfun = true\n', "unknown field"),
        ("name =", "mine.toml"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadScenario, match=what):
        load(str(path))


def test_a_name_nobody_has_given_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadScenario, match="'monday morning'"):
        load("tuesday")


def test_who_is_meant() -> None:
    def count(who: str) -> int:
        return len(chosen(Step(at=0, what="power-cut", who=who), 0, 1, ALL))

    assert count("all") == 400
    assert count("line-3") == 50
    assert count("K00007") == 1
    assert count("simulated/line-8/K00007") == 1
    assert count("nobody") == 0
    assert 5 <= count("5%") <= 40


def test_a_share_means_the_same_kiosks_however_they_are_shared_out() -> None:
    step = Step(at=0, what="power-cut", who="10%")
    halves = [addresses(Order(count=200)), addresses(Order(count=200, first=201))]
    assert chosen(step, 3, 1, ALL) == [each for half in halves for each in chosen(step, 3, 1, half)]
