"""Commands from the fleet's side: who asked is kept, what kiosks say is judged, and silence ends, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from fleet.live import Hub
from fleet.operating.command_book import GRACE_MS, KEEP_RESULTS_MS, SILENT_MS, BadState
from fleet.operating.commands import BadCommand, Commands, Wish
from fleet.operating.desired import BadDesired, Desires
from fleet.store.store import Store
from mqtt.commands import ENDS, MAX_PARTS, PART_BYTES, Command, CommandNoted, CommandState, Desired, Reported
from mqtt.messages import Message, Presence, encode
from mqtt.topics import Address
from tests.servers import wait_until
from tests.stores import store_url

K1, K2 = Address("t", "s", "K1"), Address("t", "s", "K2")
NOW = 1_795_000_000_000


class Office:
    """Commands over a store of its own, with a line that keeps what is sent."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.up = True
        self.sent: list[tuple[Address, Message]] = []
        self.store = Store(url)
        self.commands = Commands(self.store, self.send, Hub(), lambda: self.now)
        self.book = self.commands.book

    def send(self, address: Address, message: Message, expires_s: int | None) -> bool:
        if self.up:
            self.sent.append((address, message))
        return self.up

    def knows(self, *addresses: Address) -> None:
        for address in addresses:
            self.store.presence(str(address), Presence(state="ready", boot="b", since_ms=1), self.now)

    def give(self, *addresses: Address, **more: object) -> list[str]:
        wish = {"what": "identify", "who": "ada", "why": "looking for it", "arguments": {}, **more}
        return self.commands.give(addresses, Wish(**wish))  # type: ignore[arg-type]

    def says(self, command_id: str, state: str, address: Address = K1, **more: Any) -> str:
        said = CommandState(id=command_id, state=state, wall_ms=5, **more)  # type: ignore[arg-type]
        return self.book.take(str(address), said, self.now)

    def state(self, command_id: str) -> tuple[str, str, str]:
        entry = self.book.entry(command_id)
        assert entry is not None
        return entry.state, entry.said_by, entry.reason


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = Office(store_url(tmp_path / "fleet.db"))
    yield opened
    opened.store.close()


def test_who_asked_and_why_goes_with_it_and_stays(office: Office) -> None:
    (one,) = office.give(K1, arguments={"seconds": "30"}, force=True)
    address, sent = office.sent[0]
    assert isinstance(sent, Command)
    assert (address, sent.id, sent.by, sent.why, sent.force) == (K1, one, "ada", "looking for it", True)
    for state in ("accepted", "running", "done"):
        office.now += 10
        assert office.says(one, state, detail="fine") == "kept"
    assert [state for state, *_ in office.book.history(one)] == ["accepted", "running", "done"]
    entry = office.book.entry(one)
    assert entry is not None
    assert (entry.who, entry.why, entry.arguments, entry.over) == (
        "ada",
        "looking for it",
        {"seconds": "30"},
        True,
    )


@pytest.mark.parametrize(
    "wish",
    [
        {"what": "explode"}, {"who": " "}, {"why": ""}, {"who": "x" * 61}, {"valid_s": 0}, {"valid_s": 10**6},
        {"arguments": {"minutes": "1"}}, {"arguments": {"seconds": "1" * 65}},
    ],
)  # fmt: skip
def test_a_wish_nobody_can_grant_is_not_given(office: Office, wish: dict[str, object]) -> None:
    with pytest.raises(BadCommand):
        office.give(K1, **wish)
    assert not office.sent
    assert not office.book.latest(10)


def test_patterns_mean_the_kiosks_that_are_known(office: Office) -> None:
    other = Address("t", "north", "K1")
    office.knows(K1, K2, other)
    assert office.commands.targets("t/s/K9") == [Address("t", "s", "K9")]
    assert office.commands.targets("t/s") == [K1, K2]
    assert office.commands.targets("t/*/K1") == [other, K1]
    assert office.commands.targets("K2") == [K2]
    for pattern in ("K1", "K7", "x/*", "t/s/K 1", "", "t/s/K1/more"):
        with pytest.raises(BadCommand):
            office.commands.targets(pattern)


def test_the_first_end_stands_however_often_and_late_states_come(office: Office) -> None:
    (one,) = office.give(K1)
    office.says(one, "done")
    for late in ("accepted", "running", "failed", "done"):
        assert office.says(one, late) == "again"
    assert office.state(one) == ("done", "kiosk", "")


def test_states_out_of_order_never_go_back(office: Office) -> None:
    (one,) = office.give(K1)
    office.says(one, "running")
    office.says(one, "accepted")
    assert office.state(one)[0] == "running"


def test_what_nobody_answers_expires_unless_it_was_answered_after_all(office: Office) -> None:
    (one,) = office.give(K1)
    office.now += 60_000 + GRACE_MS - 1
    assert office.book.give_up(office.now) == []
    office.now += 1
    assert [entry.id for entry in office.book.give_up(office.now)] == [one]
    assert office.state(one) == ("expired", "fleet", "no-answer")
    assert office.says(one, "done") == "kept", "the kiosk had done it, and the line was away"
    assert office.state(one) == ("done", "kiosk", "")


def test_what_was_begun_and_fell_silent_fails(office: Office) -> None:
    (one,) = office.give(K1)
    office.says(one, "running")
    office.now += SILENT_MS
    assert [entry.id for entry in office.book.give_up(office.now)] == [one]
    assert office.state(one) == ("failed", "fleet", "silent")


def test_a_kiosk_that_comes_back_hears_what_it_may_still_begin(office: Office) -> None:
    office.up = False
    (one,) = office.give(K1, valid_s=60)
    office.give(K1, valid_s=10)
    office.up = True
    office.now += 20_000
    office.commands.start()
    office.commands.appeared(K1)
    wait_until(lambda: office.sent)
    office.commands.close()
    assert [message.id for _, message in office.sent if isinstance(message, Command)] == [one]


class TestResults:
    def part(self, number: int, parts: int = 3, **more: Any) -> dict[str, Any]:
        data = bytes([number]) * 10
        return {"part": number, "parts": parts, "media": "text/plain", "data": data, **more}

    def test_parts_in_any_order_and_twice_make_one_result(self, office: Office) -> None:
        (one,) = office.give(K1, what="self-test")
        for number in (3, 1, 3):
            assert office.says(one, "done", **self.part(number)) == "more"
        assert office.book.result(one) is None
        assert office.state(one)[0] == "sent", "it has not ended before its result is here"
        assert office.says(one, "done", **self.part(2)) == "kept"
        assert office.book.result(one) == ("text/plain", b"\1" * 10 + b"\2" * 10 + b"\3" * 10)
        assert office.says(one, "done", **self.part(2)) == "again"

    @pytest.mark.parametrize(
        ("state", "more"),
        [
            ("done", {"part": 0}), ("done", {"part": 4}), ("done", {"parts": MAX_PARTS + 1}), ("done", {"data": b""}),
            ("done", {"data": b"x" * (PART_BYTES + 1)}), ("done", {"media": "text/html"}), ("running", {}),
            ("done", {"parts": 0}), ("done", {"parts": -1}), ("done", {"part": -1}),
        ],
    )  # fmt: skip
    def test_a_part_that_cannot_be_is_refused_whole(
        self, office: Office, state: str, more: dict[str, Any]
    ) -> None:
        (one,) = office.give(K1, what="self-test")
        with pytest.raises(BadState):
            office.says(one, state, **(self.part(1) | more))
        assert office.state(one)[0] == "sent"

    def test_parts_of_two_kinds_make_nothing(self, office: Office) -> None:
        (one,) = office.give(K1, what="self-test")
        office.says(one, "done", **self.part(1))
        for other in ({"parts": 2}, {"media": "image/webp"}):
            with pytest.raises(BadState):
                office.says(one, "done", **(self.part(2) | other))

    def test_another_kiosk_cannot_end_it_and_nobody_a_command_that_is_not(self, office: Office) -> None:
        (one,) = office.give(K1)
        with pytest.raises(BadState):
            office.says(one, "done", K2)
        with pytest.raises(BadState):
            office.says("0" * 16, "done")
        assert office.state(one)[0] == "sent"

    def test_old_results_go_and_their_commands_stay(self, office: Office) -> None:
        (one,) = office.give(K1, what="self-test")
        office.says(one, "done", **self.part(1, 1))
        office.now += KEEP_RESULTS_MS + 1
        assert office.book.sweep(office.now) == 1
        assert office.book.result(one) is None
        assert office.state(one)[0] == "done"


def test_an_end_is_noted_only_when_it_is_stored_and_bad_words_are_counted(office: Office) -> None:
    (one,) = office.give(K1)
    office.sent.clear()
    office.commands.start()
    for payload in (
        b"{",
        b'{"id":"X","state":"done","wall_ms":1}',
        encode(CommandState(id=one, state="running", wall_ms=1)),
    ):
        office.commands.heard(K1, payload)
    office.commands.heard(K1, encode(CommandState(id=one, state="done", wall_ms=1)))
    wait_until(lambda: office.sent)
    office.commands.heard(K1, encode(CommandState(id=one, state="done", wall_ms=1)))
    wait_until(lambda: len(office.sent) == 2)
    office.commands.close()
    assert {message for _, message in office.sent} == {CommandNoted(id=one, state="done")}
    assert office.commands.counters["refused"] == 2


def test_what_a_kiosk_says_moves_no_operators_terminal(office: Office) -> None:
    (one,) = office.give(K1)
    said = "fine\n\x1b[2J\x1b]0;owned\x07\0\u202etxt\u2028 \u7e41"
    assert office.says(one, "failed", reason="\x1b[1mx", detail=said) == "kept"
    ((_, _, reason, detail),) = office.book.history(one)
    entry = office.book.entry(one)
    assert entry is not None
    assert (entry.reason, entry.detail) == (reason, detail)
    assert (reason + detail).isprintable()
    assert detail.endswith("\u7e41")


@given(
    some.lists(
        some.tuples(some.sampled_from(["accepted", "running", *sorted(ENDS)]), some.integers(0, 3)),
        max_size=12,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_comes_the_first_end_that_is_whole_stands(
    office: Office, said: list[tuple[str, int]]
) -> None:
    (one,) = office.give(K1, what="self-test")
    ended = ""
    for state, part in said:
        more: dict[str, Any] = (
            {"part": part, "parts": 2, "media": "text/plain", "data": b"x"}
            if part in (1, 2) and state in ENDS
            else {}
        )
        taken = office.says(one, state, **more)
        if taken == "kept" and state in ENDS and not ended:
            ended = state
        assert office.state(one)[0] in (ended, *(() if ended else ("sent", "accepted", "running")))


class TestDesired:
    def desires(self, office: Office) -> Desires:
        return office.commands.desires

    def test_each_change_is_a_version_with_who_and_why(self, office: Office) -> None:
        mine = self.desires(office)
        mine.change(K1, {"out_of_service": True}, "ada", "lift works")
        mine.change(K1, {"brightness": 40, "sleep": [60, 300]}, "bo", "night")
        said = mine.history(str(K1))
        assert [(one.version, one.by, one.out_of_service, one.brightness) for one in said] == [
            (2, "bo", True, 40), (1, "ada", True, 100),
        ]  # fmt: skip
        assert [message for _, message in office.sent] == list(reversed(said))
        assert mine.latest(str(K2)) is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"brightness": 5},
            {"sleep": [1, 1]},
            {"sleep": [0, 1440]},
            {"log_level": "x"},
            {"version": 9},
            {"brightness": "a"},
            {"sources": ["/etc"]},
            {"sources": ["https://a.example/"] * 9},
            {"fetch_kib_s": -1},
            {"fetch_window": [0, 1440]},
        ],
    )
    def test_what_no_kiosk_can_take_is_not_said(self, office: Office, changes: dict[str, object]) -> None:
        with pytest.raises(BadDesired):
            self.desires(office).change(K1, changes, "ada", "try")
        assert not office.sent

    def test_how_releases_are_fetched_is_said_until_it_is_left_to_the_kiosk_again(
        self, office: Office
    ) -> None:
        mine = self.desires(office)
        how = {"sources": ["https://cdn.example/r"], "fetch_kib_s": 256, "fetch_window": [60, 300]}
        said = mine.change(K1, how, "ada", "the line is slow")
        assert (said.sources, said.fetch_kib_s, said.fetch_window) == (
            ("https://cdn.example/r",),
            256,
            (60, 300),
        )
        left: dict[str, object] = {"sources": [], "fetch_kib_s": None, "fetch_window": None}
        said = mine.change(K1, left, "ada", "it is fast again")
        assert (said.sources, said.fetch_kib_s, said.fetch_window) == ((), None, None)

    def test_a_fleet_restored_from_a_backup_is_heard_by_kiosks_that_are_further(self, office: Office) -> None:
        mine = self.desires(office)
        mine.reported(K1, Reported(version=7, wall_ms=1))
        assert mine.change(K1, {"out_of_service": True}, "ada", "glass is broken").version == 8
        mine.reported(K1, Reported(version=2**62, wall_ms=1))
        assert mine.change(K1, {"out_of_service": False}, "ada", "mended").version == 9

    def test_of_a_kiosk_that_never_stops_only_the_latest_word_is_kept(self, office: Office) -> None:
        self.desires(office).change(K1, {"out_of_service": True}, "ada", "lift works")
        office.sent.clear()
        for number in range(300):
            office.commands.reported(K1, encode(Reported(version=0, wall_ms=number)))
        office.commands.start()
        wait_until(lambda: office.sent)
        office.commands.close()
        assert len(office.sent) == 1, "one report was kept, and answered once"
        said = self.desires(office).standing(str(K1)).reported
        assert said is not None
        assert said.wall_ms == 299

    def test_a_kiosk_that_reports_another_version_hears_it_again(self, office: Office) -> None:
        mine = self.desires(office)
        office.up = False
        mine.change(K1, {"out_of_service": True}, "ada", "lift works")
        office.up = True
        mine.reported(K1, Reported(version=0, wall_ms=1))
        assert mine.agreement() == {str(K1): False}
        (_, again) = office.sent[0]
        assert isinstance(again, Desired)
        assert again.version == 1
        mine.reported(K1, Reported(version=1, wall_ms=1, out_of_service=True))
        assert len(office.sent) == 1
        assert mine.agreement() == {str(K1): True}
        assert mine.standing(str(K1)).agreed

    def test_a_kiosk_that_names_a_fault_is_not_yet_as_it_is_to_be(self, office: Office) -> None:
        mine = self.desires(office)
        assert mine.standing(str(K1)).agreed, "nothing was wanted, and nothing said"
        mine.change(K1, {"brightness": 40}, "ada", "glare")
        assert not mine.standing(str(K1)).agreed
        for faults, so in ((("backlight: refused",), False), ((), True)):
            mine.reported(K1, Reported(version=1, wall_ms=1, faults=faults))
            assert mine.agreement() == {str(K1): so}
            assert mine.standing(str(K1)).agreed is so
        assert len(office.sent) == 1, "it has heard it; once more would not help"
