"""The scripts of guided tests, played without anything but words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from devices.technician.guide import (
    Command,
    Script,
    Show,
    Verdict,
    Wait,
    difference,
    printer,
    reader,
    scanner,
    script_for,
)

CODE = "ENDCAP-aB3dE"
SCAN = {"event": "Scan", "text": CODE}
CARD = {"event": "CardSeen", "token": "t1"}
Heard = Mapping[str, Any] | None


def state(name: str, detail: str = "", remedy: str = "") -> dict[str, Any]:
    return {"event": "DeviceState", "state": name, "detail": detail, "remedy": remedy}


class Play:
    """Plays a script: what is waited for comes from a list; what was shown and commanded is kept."""

    def __init__(self, script: Script, heard: list[Heard], can: tuple[str, ...] = ()) -> None:
        self.steps: list[str] = []
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.details: list[str] = []
        coming = iter(heard)
        came: object = None
        try:
            while True:
                match ask := script.send(came):
                    case Show():
                        self.steps.append(ask.step)
                        self.details.append(ask.detail)
                        came = None
                    case Command():
                        self.commands.append((ask.what, dict(ask.fields)))
                        came = ask.what in can
                    case Wait():
                        came = next(coming)
        except StopIteration as end:
            self.verdict: Verdict = end.value
        assert not list(coming), "the script asked for less than was there"


def test_a_scanner_that_reads_the_code_passes() -> None:
    play = Play(scanner(CODE), [SCAN], can=("trigger",))
    assert play.verdict.outcome == "passed"
    assert play.commands == [("trigger", {"on": True}), ("trigger", {"on": False})]


def test_a_scanner_is_told_what_it_makes_of_the_code() -> None:
    wrong = {"event": "Scan", "text": f"Q1{CODE}\t"}
    play = Play(scanner(CODE), [wrong, wrong, SCAN])
    assert play.verdict.outcome == "passed"
    assert "'Q1' before it and '\\t' after it" in play.details[1]
    play = Play(scanner(CODE), [wrong] * 5)
    assert play.verdict.outcome == "failed"
    assert "prefix or suffix" in play.verdict.found
    assert "set-up codes" in play.verdict.remedy


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (CODE.swapcase(), "caps lock"),
        (CODE[3:], "get lost"),
        (CODE.replace("-", "ß"), "keyboard layout"),
        ("4006381333931", "another code"),
        ("", "another code"),
    ],
)
def test_every_way_to_misread_has_its_words(read: str, said: str) -> None:
    assert said in difference(CODE, read)


def test_a_mute_scanner_fails_and_one_that_goes_says_why() -> None:
    assert "nothing was read" in Play(scanner(CODE), [None]).verdict.found
    gone = Play(scanner(CODE), [state("failed", "no permission", "Install the rules.")]).verdict
    assert (gone.outcome, gone.found, gone.remedy) == (
        "failed",
        "failed: no permission",
        "Install the rules.",
    )


def test_it_is_unplugged_and_found_again() -> None:
    play = Play(scanner(CODE, plug=True), [SCAN, state("lost"), state("opening"), state("ready"), SCAN])
    assert play.steps == ["scan", "unplug", "plug", "scan"]
    assert play.verdict.outcome == "passed"
    assert "not found again" in Play(scanner(CODE, plug=True), [SCAN, state("lost"), None]).verdict.found
    assert "not seen to go" in Play(scanner(CODE, plug=True), [SCAN, None]).verdict.found


def test_a_reader_sees_a_card_twice_and_then_a_phone() -> None:
    tapped = {"event": "Tapped", "complete": True}
    play = Play(reader("https://x.example"), [CARD, CARD, tapped], can=("arm", "offer"))
    assert play.steps == ["card", "away", "phone"]
    assert play.verdict == Verdict("passed", "sees a card twice; a phone read the whole address")
    assert play.commands[-1] == ("offer", {"uri": ""})


def test_a_reader_passes_without_a_phone_but_not_without_a_card() -> None:
    can = ("arm", "offer")
    assert "no phone" in Play(reader("u"), [CARD, CARD, None], can).verdict.found
    assert "no phone" in Play(reader("u"), [CARD, CARD, {"answer": "no"}], can).verdict.found
    assert "no address" in Play(reader("u"), [CARD, CARD], ("arm",)).verdict.found
    assert "two different" in Play(reader("u"), [CARD, {**CARD, "token": "t2"}], ("arm",)).verdict.found
    assert Play(reader("u"), [None], can).verdict.outcome == "failed"
    assert Play(reader("u"), [CARD, None], can).verdict.outcome == "failed"
    assert Play(reader("u"), []).verdict.found == "it cannot look for cards"


def test_a_receipt_is_printed_looked_at_and_judged() -> None:
    printed = {"event": "Printed", "job": "device-test"}
    yes, no = {"answer": "yes"}, {"answer": "no"}
    can = ("print",)
    play = Play(printer("x"), [printed, yes], can)
    assert (play.verdict.outcome, play.steps) == ("passed", ["wait", "receipt"])
    low = {"event": "PrinterStatus", "status": "paper-low"}
    assert "paper-low" in Play(printer("x"), [low, printed, yes], can).details
    assert "head" in Play(printer("x"), [printed, no], can).verdict.remedy
    out = Play(
        printer("x"), [{"event": "NotPrinted", "job": "device-test", "reason": "no-paper"}], can
    ).verdict
    assert (out.found, "roll" in out.remedy) == ("not printed: no-paper", True)
    assert Play(printer("x"), [None], can).verdict.outcome == "failed"
    assert Play(printer("x"), [printed, None], can).verdict.outcome == "failed"
    assert Play(printer("x"), []).verdict.found == "it takes no job"


@pytest.mark.parametrize("kind", ["scanner", "reader", "printer"])
def test_each_test_can_be_stopped_at_its_first_wait(kind: str) -> None:
    script, steps = script_for(kind, code=CODE, uri="u", heading="h", plug=False)
    assert steps >= 1
    assert Play(script, [{"answer": "stopped"}], ("arm", "print")).verdict.outcome == "stopped"


def test_what_is_no_peripheral_has_no_test() -> None:
    with pytest.raises(ValueError, match="no test for a kettle"):
        script_for("kettle", code="", uri="", heading="", plug=False)
