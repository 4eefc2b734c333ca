"""Laws of what a kiosk begins: each id at most once, nothing too old, nothing that disturbs money unless forced."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from kiosk.operated.commands import (
    ACCEPTED,
    ARGUMENTS,
    BAD_ARGUMENTS,
    EXPIRED,
    HARMLESS,
    KINDS,
    KNOWN,
    MONEY,
    STOPS_WORK,
    UNKNOWN,
    Situation,
    arguments_of,
    decide,
    read_command,
)
from mqtt.commands import Command, CommandState
from mqtt.messages import BadMessage, encode

NOW = 1_795_000_000_000
kinds = some.sampled_from(sorted(KINDS))
commands = some.builds(
    Command,
    id=some.sampled_from(["A", "B", "C"]),
    what=kinds,
    by=some.just("ada"),
    why=some.just("to see"),
    at_ms=some.integers(NOW - 200_000, NOW + 200_000),
    valid_s=some.integers(-5, 120),
    force=some.booleans(),
    arguments=some.dictionaries(
        some.sampled_from(["seconds", "minutes", "device", "x"]), some.text(max_size=5)
    ),
)
situations = some.builds(
    Situation,
    fleet_ms=some.none() | some.just(NOW),
    waited_ms=some.integers(0, 200_000),
    paying=some.booleans(),
    attended=some.booleans(),
    running=some.frozensets(kinds, max_size=2),
    known=some.frozensets(some.sampled_from(["A", "B", "C"])),
    cannot=some.dictionaries(kinds, some.just("no-panel"), max_size=2),
)


def command(what: str = "identify", **changes: object) -> Command:
    base = {"id": "0123456789ABCDEF", "what": what, "by": "ada", "why": "to see", "at_ms": NOW, **changes}
    return msgspec.convert(base, Command)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine says nothing of the law
@given(some.lists(some.tuples(commands, situations), max_size=12))
def test_an_id_begins_at_most_once_however_often_it_comes(heard: list[tuple[Command, Situation]]) -> None:
    known: set[str] = set()
    begun: list[str] = []
    for each, situation in heard:
        verdict = decide(each, _knowing(situation, known))
        if verdict.known:
            assert each.id in known
            continue
        known.add(each.id)
        if verdict == ACCEPTED:
            begun.append(each.id)
    assert len(begun) == len(set(begun))


def _knowing(situation: Situation, known: set[str]) -> Situation:
    return Situation(
        fleet_ms=situation.fleet_ms,
        waited_ms=situation.waited_ms,
        paying=situation.paying,
        attended=situation.attended,
        running=situation.running,
        known=frozenset(known),
        cannot=situation.cannot,
    )


@given(commands, situations)
def test_what_is_begun_is_new_fresh_possible_and_disturbs_nobody(each: Command, how: Situation) -> None:
    if decide(each, how) != ACCEPTED:
        return
    assert each.id not in how.known
    assert how.waited_ms < each.valid_s * 1000
    assert how.fleet_ms is None or how.fleet_ms < each.at_ms + each.valid_s * 1000
    assert each.what not in how.cannot
    assert each.what not in how.running
    assert not how.running & STOPS_WORK
    assert each.force or not how.paying or each.what in HARMLESS
    assert set(each.arguments) <= set(ARGUMENTS.get(each.what, {}))


@given(commands, situations)
def test_force_changes_nothing_but_courtesy(each: Command, how: Situation) -> None:
    gentle = decide(msgspec.structs.replace(each, force=False), how)
    forced = decide(msgspec.structs.replace(each, force=True), how)
    if gentle == ACCEPTED:
        assert forced == ACCEPTED
    if gentle in (KNOWN, EXPIRED):
        assert forced == gentle


@given(commands, situations, some.integers(0, 100_000))
def test_what_has_expired_stays_expired(each: Command, how: Situation, later: int) -> None:
    older = Situation(
        fleet_ms=None if how.fleet_ms is None else how.fleet_ms + later,
        waited_ms=how.waited_ms + later,
        known=how.known,
    )
    if decide(each, how) == EXPIRED:
        assert decide(each, older) == EXPIRED


def test_a_clock_nobody_trusts_judges_nothing_but_the_time_waited_here_does() -> None:
    years_ago = command(at_ms=0, valid_s=60)
    assert decide(years_ago, Situation(fleet_ms=None, waited_ms=59_999)) == ACCEPTED
    assert decide(years_ago, Situation(fleet_ms=None, waited_ms=60_000)) == EXPIRED
    assert decide(years_ago, Situation(fleet_ms=NOW)) == EXPIRED


def test_a_payment_comes_first_and_force_before_it() -> None:
    paying = Situation(fleet_ms=NOW, paying=True)
    assert decide(command("screenshot"), paying).reason == MONEY
    assert decide(command("screenshot", force=True), paying) == ACCEPTED
    assert decide(command("collect-logs"), paying) == ACCEPTED


def test_a_basket_is_not_thrown_away_unasked() -> None:
    shopping = Situation(fleet_ms=NOW, attended=True)
    assert decide(command("restart-agent"), shopping).reason == "somebody-here"
    assert decide(command("screenshot"), shopping) == ACCEPTED
    assert decide(command("restart-agent", force=True), shopping) == ACCEPTED


def test_a_restart_waits_for_logs_that_are_collected() -> None:
    busy = Situation(fleet_ms=NOW, running=frozenset({"collect-logs"}))
    assert decide(command("reboot"), busy).reason == "busy"
    assert decide(command("reboot", force=True), busy) == ACCEPTED
    assert (
        decide(command("identify", force=True), Situation(NOW, running=frozenset({"reboot"}))).reason
        == "busy"
    )


def test_force_does_not_make_a_machine_able() -> None:
    unable = Situation(fleet_ms=NOW, cannot={"reboot": "not-permitted"})
    assert decide(command("reboot", force=True), unable).reason == "not-permitted"


@pytest.mark.parametrize(
    "arguments",
    [
        {"seconds": "0"},
        {"seconds": "601"},
        {"seconds": "ten"},
        {"seconds": "\u0661"},
        {"second": "10"},
        {"seconds": "9" * 400},
        {"colour": "puce"},
    ],
)
def test_arguments_that_make_no_sense_are_refused_with_what_was_expected(arguments: dict[str, str]) -> None:
    verdict = decide(command(arguments=arguments), Situation(fleet_ms=NOW))
    assert (verdict.state, verdict.reason) == ("refused", BAD_ARGUMENTS)
    assert any(word in verdict.detail for word in ("second", "colour"))
    assert len(verdict.detail) < 200


def test_arguments_have_defaults() -> None:
    assert arguments_of(command()) == {"seconds": 20, "colour": "green"}
    assert arguments_of(command("self-test", arguments={"device": "printer"})) == {"device": "printer"}
    with pytest.raises(ValueError, match="device"):
        arguments_of(command("self-test", arguments={"device": "../etc"}))


def test_what_cannot_be_read_is_refused_by_its_id() -> None:
    said = read_command(b'{"id":"ABC","what":"self-destruct","by":"x","why":"y","at_ms":1}', NOW)
    assert isinstance(said, CommandState)
    assert (said.id, said.state, said.reason) == ("ABC", "refused", UNKNOWN)
    half = read_command(b'{"id":"ABC","what":"reboot"}', NOW)
    assert isinstance(half, CommandState)
    assert half.reason == BAD_ARGUMENTS
    whole = command()
    assert read_command(encode(whole), NOW) == whole


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"{}", b'{"id":""}', b'{"id":"a b"}', b'{"id":"' + b"A" * 65 + b'"}', b'{"id":7}'],
)
def test_what_has_no_id_cannot_even_be_answered(payload: bytes) -> None:
    with pytest.raises(BadMessage):
        read_command(payload, NOW)


def test_an_id_that_could_not_be_kept_is_no_id() -> None:
    with pytest.raises(BadMessage, match="64"):
        read_command(encode(command(id="A" * 65)), NOW)
