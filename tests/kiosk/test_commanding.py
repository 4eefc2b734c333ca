"""Commands at a running kiosk: done once, told until the fleet has it, and never before somebody who pays."""

from __future__ import annotations

import gzip
import logging
import threading
from pathlib import Path

import pytest

from kiosk import views
from kiosk.clock.clock import SystemClock
from kiosk.link.link import OnPicture
from kiosk.operated.commands import INTERRUPTED, MONEY
from kiosk.views import Attract, Identify, Pay, Touch, Wall
from mqtt.commands import PART_BYTES, Command, CommandNoted, CommandState
from tests.kiosk.kiosks import Kiosk
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until

PICTURE = b"RIFF" + bytes(range(256)) * 1200  # three parts


def command(what: str, number: int = 1, **changes: object) -> Command:
    import msgspec

    base = {
        "id": f"C{number:015}", "what": what, "by": "ada", "why": "to see", "at_ms": 1_795_000_000_000, "valid_s": 86_400,
        **changes,
    }  # fmt: skip
    return msgspec.convert(base, Command)


def fresh(kiosk: Kiosk, what: str, number: int = 1, **changes: object) -> Command:
    return command(what, number, at_ms=kiosk.program.clock.wall_ms(), **changes)


def told(fleet: MemoryFleet, asked: Command) -> list[str]:
    return [f"{one.state} {one.reason}".strip() for one in fleet.states if one.id == asked.id]


def end(fleet: MemoryFleet, asked: Command) -> CommandState:
    until(
        lambda: [
            one for one in fleet.states if one.id == asked.id and one.state not in ("accepted", "running")
        ]
    )
    return next(
        one for one in fleet.states if one.id == asked.id and one.state not in ("accepted", "running")
    )


def whole(fleet: MemoryFleet, asked: Command) -> bytes:
    until(lambda: any(one.part and one.part == one.parts for one in fleet.states if one.id == asked.id))
    parts = {one.part: one.data for one in fleet.states if one.id == asked.id and one.part}
    return b"".join(parts[number] for number in sorted(parts))


def test_the_kiosk_says_who_it_is_until_somebody_touches_it(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        asked = fresh(kiosk, "identify", arguments={"colour": "red"})
        kiosk.fleet.say(asked)
        shown = kiosk.sees(Attract, where=lambda view: view.frame.identify is not None)
        assert shown.frame.identify == Identify("demo/s1/K1", "red")
        kiosk.do(Touch())
        kiosk.sees(Attract, where=lambda view: view.frame.identify is None)
        assert end(kiosk.fleet, asked).detail == "somebody touched the wall"
        assert told(kiosk.fleet, asked) == ["accepted", "running", "done"]


def test_the_same_command_again_is_told_again_and_not_done_again(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        taken: list[OnPicture] = []

        def take(answer: OnPicture) -> None:
            taken.append(answer)
            answer(PICTURE, "")

        kiosk.screen.obey(take, lambda: None)
        asked = fresh(kiosk, "screenshot")
        kiosk.fleet.say(asked)
        assert whole(kiosk.fleet, asked) == PICTURE
        parts = [one for one in kiosk.fleet.states if one.id == asked.id and one.part]
        assert [(one.part, one.parts, one.media) for one in parts] == [
            (n, 3, "image/webp") for n in (1, 2, 3)
        ]
        assert all(len(one.data) <= PART_BYTES for one in parts)
        for _ in range(3):
            kiosk.fleet.say(asked)
        until(lambda: kiosk.program.agent.operated.commands.counters["known"] == 3)
        assert len(taken) == 1


def test_an_end_nobody_has_noted_is_told_again_when_the_line_is_back(tmp_path: Path) -> None:
    fleet = MemoryFleet()
    fleet.notes = False
    with Kiosk(tmp_path, fleet) as kiosk:
        kiosk.screen.obey(lambda answer: answer(PICTURE, ""), lambda: None)
        asked = fresh(kiosk, "screenshot")
        fleet.say(asked)
        whole(fleet, asked)
        fleet.down()
        fleet.states.clear()
        fleet.up()
        assert whole(fleet, asked) == PICTURE
        fleet.say(CommandNoted(id=asked.id, state="done"))
        fleet.down()
        fleet.states.clear()
        fleet.up()
        later = fresh(kiosk, "collect-logs", 2)
        fleet.say(later)
        end(fleet, later)
        assert not told(fleet, asked), "it is noted, so nobody tells it any more"


def test_money_comes_first_and_force_before_it(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.buys()
        gentle, forced = fresh(kiosk, "identify", 1), fresh(kiosk, "identify", 2, force=True)
        kiosk.fleet.say(gentle)
        assert end(kiosk.fleet, gentle).reason == MONEY
        kiosk.fleet.say(forced)
        kiosk.sees(views.Pay, where=lambda view: view.frame.identify is not None)
        picture = fresh(kiosk, "screenshot", 3, force=True)
        kiosk.fleet.say(picture)
        assert end(kiosk.fleet, picture).reason == "private", "no force shows what somebody pays with"


def test_what_is_too_old_is_expired(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        asked = command("identify", at_ms=kiosk.program.clock.wall_ms() - 61_000, valid_s=60)
        kiosk.fleet.say(asked)
        assert end(kiosk.fleet, asked).state == "expired"


def test_bad_commands_are_refused_by_name_or_counted(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        address = kiosk.config.address
        kiosk.fleet.say_bytes(address.commands, b'{"id":"X1","what":"explode","by":"m","why":"n","at_ms":1}')
        until(lambda: kiosk.fleet.states)
        assert (kiosk.fleet.states[0].state, kiosk.fleet.states[0].reason) == ("refused", "unknown")
        for topic in (address.commands, address.command_acks, address.desired):
            kiosk.fleet.say_bytes(topic, b"{")
        until(lambda: kiosk.program.agent.operated.commands.counters["refused-unread"] == 3)
        kiosk.do(views.Start())
        kiosk.sees(Wall)


def test_logs_come_packed_and_without_codes(tmp_path: Path) -> None:
    from kiosk.operated.logs import RING, keep_log

    keep_log()
    try:
        with Kiosk(tmp_path) as kiosk:
            logging.getLogger("kiosk.test").warning("claim K7Q2-9MXT and the rest")
            asked = fresh(kiosk, "collect-logs")
            kiosk.fleet.say(asked)
            text = gzip.decompress(whole(kiosk.fleet, asked)).decode()
    finally:
        logging.getLogger().removeHandler(RING)
    assert "claim [code] and the rest" in text


def test_a_self_test_needs_nobody(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        asked = fresh(kiosk, "self-test")
        kiosk.fleet.say(asked)
        text = whole(kiosk.fleet, asked).decode()
        assert "ok    device scanner: ready" in text
        assert "ok    ledger: written" in text
        assert "ok    disk:" in text
        one = fresh(kiosk, "self-test", 2, arguments={"device": "camera"})
        kiosk.fleet.say(one)
        assert end(kiosk.fleet, one).state == "failed"


def test_nothing_restarts_where_nobody_would_start_it_again(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        for number, what in enumerate(("restart-agent", "restart-ui")):
            asked = fresh(kiosk, what, number)
            kiosk.fleet.say(asked)
            assert (end(kiosk.fleet, asked).state, end(kiosk.fleet, asked).reason) == (
                "refused",
                "nobody-restarts",
            )


def test_a_restart_is_done_when_the_next_agent_says_so(tmp_path: Path) -> None:
    fleet, left = MemoryFleet(), threading.Event()
    with Kiosk(tmp_path, fleet, leave=left.set) as kiosk:
        asked = fresh(kiosk, "restart-agent")
        fleet.say(asked)
        assert left.wait(60)
        assert told(fleet, asked) == ["accepted", "running"]
    with Kiosk(tmp_path, fleet, leave=left.set) as kiosk:
        assert end(fleet, asked).state == "done"
        left.clear()
        fleet.say(asked)
        until(lambda: kiosk.program.agent.operated.commands.counters["known"])
        assert not left.is_set(), "done once"


class Held(SystemClock):
    """A clock whose time stands until it is let go."""

    def __init__(self) -> None:
        super().__init__(trusted=True)
        self.held: int | None = None

    def mono_ms(self) -> int:
        return super().mono_ms() if self.held is None else self.held


@pytest.mark.parametrize("forced", [False, True])
def test_who_begins_to_pay_before_the_agent_has_gone_keeps_it_here(tmp_path: Path, forced: bool) -> None:
    fleet, left, clock = MemoryFleet(), threading.Event(), Held()
    with Kiosk(tmp_path, fleet, clock=clock, leave=left.set) as kiosk:
        asked = fresh(kiosk, "restart-agent", force=forced)
        clock.held = clock.mono_ms()
        fleet.say(asked)
        until(lambda: told(fleet, asked) == ["accepted", "running"])
        kiosk.buys()
        clock.held = None
        kiosk.do(Touch())
        if forced:
            until(left.is_set)
            return
        assert (end(fleet, asked).state, end(fleet, asked).reason) == ("refused", MONEY)
        assert not left.is_set()
        kiosk.sees(Pay)
        fleet.say(asked)
        until(lambda: kiosk.program.agent.operated.commands.counters["known"])
        assert not left.is_set(), "refused once and for all"


def test_what_a_restart_interrupted_is_told_and_not_begun_again(tmp_path: Path) -> None:
    fleet = MemoryFleet()
    with Kiosk(tmp_path, fleet) as kiosk:
        hangs: list[OnPicture] = []
        kiosk.screen.obey(hangs.append, lambda: None)
        asked = fresh(kiosk, "screenshot")
        fleet.say(asked)
        until(lambda: hangs)
        until(lambda: told(fleet, asked) == ["accepted", "running"])
        hangs[0](b"", "no-screen")
    fleet.states.clear()
    with Kiosk(tmp_path, fleet) as kiosk:
        kiosk.screen.obey(hangs.append, lambda: None)
        assert end(fleet, asked).state == "failed"
        fleet.say(asked)
        until(lambda: kiosk.program.agent.operated.commands.counters["known"])
        assert len(hangs) == 1


def test_a_command_that_was_running_at_the_end_is_interrupted(tmp_path: Path) -> None:
    fleet = MemoryFleet()
    with Kiosk(tmp_path, fleet) as kiosk:
        asked = fresh(kiosk, "identify")
        fleet.say(asked)
        until(lambda: told(fleet, asked) == ["accepted", "running"])
    with Kiosk(tmp_path, fleet) as kiosk:
        assert (end(fleet, asked).state, end(fleet, asked).reason) == ("failed", INTERRUPTED)
