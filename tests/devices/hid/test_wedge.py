"""Scanners that play a keyboard: what they type, and how they go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.drivers.wedge_scanner import WedgeScanner
from devices.events import Scan
from devices.finding.discovery import known_as
from devices.finding.sysfs import Found
from devices.protocol.key_layouts import DE, FR, LAYOUTS, US, KeyLayout
from devices.protocol.wedge import (
    ALT,
    CAPS_LOCK,
    DOWN,
    ENTER,
    ENTER_S,
    F8,
    GAP_S,
    KEY,
    MOST,
    RECORD,
    SYN,
    UP,
    WedgeParser,
)
from devices.registry import models
from devices.sim.keyboard import key_events_of, key_reports_of
from devices.transport.memory import memory_pair

NUMBER_PAD = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True))
A, B = 30, 48


class Typist:
    """Presses keys, a millisecond between two events."""

    def __init__(self, layout: KeyLayout = US) -> None:
        self.parser = WedgeParser(layout)
        self.us = 5_000_000
        self.found: list[str] = []

    def event(self, kind: int, code: int, value: int) -> None:
        self.us += 1000
        record = RECORD.pack(self.us // 1_000_000, self.us % 1_000_000, kind, code, value)
        self.found += [one.text for one in self.parser.feed(record, self.us / 1e6)]

    def hold(self, code: int) -> None:
        self.event(KEY, code, DOWN)

    def let_go(self, code: int) -> None:
        self.event(KEY, code, UP)

    def press(self, *codes: int) -> None:
        for code in codes:
            self.hold(code)
            self.let_go(code)

    def pause(self, seconds: float) -> list[str]:
        """Silence; all that has been read so far."""
        self.us += round(seconds * 1e6)
        self.found += [one.text for one in self.parser.timeout(self.us / 1e6)]
        return self.found


def typed(events: list[bytes], layout: KeyLayout = US) -> list[tuple[str, str]]:
    """Text and AIM of what events say."""
    parser = WedgeParser(layout)
    found = [message for one in events for message in parser.feed(one, 0.0)]
    return [(one.text, one.aim) for one in [*found, *parser.timeout(60.0)]]


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
    def test_every_character_of_a_layout_is_read_back(self, layout: KeyLayout) -> None:
        text = "".join(sorted(layout.strokes)) + "\t\x1d"
        assert typed(key_events_of(text, layout), layout) == [(text, "")]

    @pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
    def test_what_addresses_are_made_of_can_be_typed_everywhere(self, layout: KeyLayout) -> None:
        text = "https://example.com/01/09521234500015?17=271231&10=AB_c-1.~#[x]@%+"
        assert typed(key_events_of(text, layout), layout) == [(text, "")]

    def test_the_wrong_layout_is_the_classic_fault(self) -> None:
        assert typed(key_events_of("https://zy", DE), US) == [("https>&&yz", "")]

    def test_letters_under_dead_keys(self) -> None:
        assert typed(key_events_of("Crème brûlée für Zoë", FR), FR) == [("Crème brûlée für Zoë", "")]
        assert typed(key_events_of("é è ô ^a", DE), DE) == [("é è ô ^a", "")]

    def test_what_a_layout_has_not_cannot_be_typed(self) -> None:
        with pytest.raises(ValueError, match="'€' cannot be typed on a keyboard of layout us"):
            key_events_of("€", US)


class TestKeys:
    def test_caps_lock_turns_letters_over_and_nothing_else(self) -> None:
        typist = Typist()
        typist.press(CAPS_LOCK, A, 2)
        typist.hold(42)
        typist.press(B, 3)
        typist.let_go(42)
        typist.press(CAPS_LOCK, A)
        assert typist.pause(GAP_S) == ["A1b@a"]

    def test_a_held_key_that_repeats_is_one(self) -> None:
        typist = Typist()
        typist.hold(A)
        for _ in range(3):
            typist.event(KEY, A, 2)
        typist.let_go(A)
        assert typist.pause(GAP_S) == ["a"]

    @pytest.mark.parametrize(
        ("digits", "expected"), [("0228", "ä"), ("132", "ä"), ("029", "\x1d"), ("065", "A"), ("9731", "☃")]
    )
    def test_alt_and_digits_make_any_character(self, digits: str, expected: str) -> None:
        typist = Typist()
        typist.hold(ALT)
        typist.press(*(NUMBER_PAD[digit] for digit in digits))
        typist.let_go(ALT)
        typist.press(NUMBER_PAD["7"])
        assert typist.pause(GAP_S) == [f"{expected}7"]

    def test_gs_is_control_and_bracket_or_f8(self) -> None:
        typist = Typist(DE)
        typist.press(2)
        typist.hold(29)
        typist.press(27)
        typist.let_go(29)
        typist.press(F8, 3)
        assert typist.pause(GAP_S) == ["1\x1d\x1d2"]

    def test_keys_that_type_nothing_are_counted(self) -> None:
        typist = Typist()
        typist.press(A, 103, 59)  # up, F1
        assert typist.pause(GAP_S) == ["a"]
        assert typist.parser.unknown == 2


class TestEnds:
    def test_at_enter_without_waiting_for_the_longer_pause(self) -> None:
        typist = Typist()
        typist.press(A, ENTER)
        assert typist.pause(ENTER_S) == ["a"]

    def test_two_codes_are_two_by_the_time_between_their_keys_though_they_are_read_at_once(self) -> None:
        events = key_events_of("first", at_us=1_000_000) + key_events_of("second", at_us=1_500_000)
        assert typed([b"".join(events)]) == [("first", ""), ("second", "")]

    def test_line_ends_within_a_code_stay(self) -> None:
        card = "BEGIN:VCARD\nFN:Jo\n\nEND:VCARD\n"
        assert typed(key_events_of(card)) == [(card, "")]

    def test_an_aim_identifier_in_front(self) -> None:
        assert typed(key_events_of("]E09521234500015", DE), DE) == [("9521234500015", "]E0")]

    def test_enter_alone_is_no_code(self) -> None:
        typist = Typist()
        typist.press(ENTER)
        assert typist.pause(1.0) == []
        assert typist.parser.wait_s(0.0) is None

    def test_keys_the_kernel_has_lost_spoil_their_code_alone(self) -> None:
        typist = Typist()
        typist.press(A)
        typist.hold(42)
        typist.event(SYN, 3, 0)
        typist.press(B)
        assert typist.pause(GAP_S) == []
        typist.press(B, ENTER)
        assert typist.pause(GAP_S) == ["b"]
        assert typist.parser.dropped == 1

    def test_a_key_that_is_stuck_fills_no_memory(self) -> None:
        typist = Typist()
        for _ in range(MOST + 10):
            typist.press(A)
            assert len(typist.parser._text) <= MOST
        assert typist.pause(GAP_S) == []
        typist.press(B)
        assert typist.pause(GAP_S) == ["b"]

    def test_unplugged_while_shift_is_held(self) -> None:
        typist = Typist()
        typist.press(A)
        typist.hold(42)
        typist.parser.reset()
        typist.press(B)
        assert typist.pause(GAP_S) == ["b"]


def test_a_driver_on_a_wire() -> None:
    ours, theirs = memory_pair()
    now = 1000.0
    driver = WedgeScanner("wedge", ours, FR, clock=lambda: now)
    driver.start()
    for one in key_events_of("]Q1Crème", FR):
        theirs.write(one, 1.0)
        assert driver.turn(0.0) == []
    now += 1.0
    (scan,) = driver.turn(0.0)
    assert scan == Scan("wedge", "Crème".encode(), "Crème", "]Q1", now)
    assert driver.counters() == {"scans": 1, "unknown": 0, "dropped": 0}
    assert driver.close() == []
    theirs.close()


def test_a_boot_keyboards_reports() -> None:
    assert key_reports_of("aB1") == [
        bytes([0, 0, 4, 0, 0, 0, 0, 0]),
        bytes(8),
        bytes([2, 0, 5, 0, 0, 0, 0, 0]),
        bytes(8),
        bytes([0, 0, 0x1E, 0, 0, 0, 0, 0]),
        bytes(8),
        bytes([0, 0, 0x28, 0, 0, 0, 0, 0]),
        bytes(8),
    ]


def test_auto_takes_scanners_in_keyboard_mode_and_no_other_keyboard() -> None:
    scanner = Found(0x1EAB, 0x1D03, "", "1-1", "1.0", 3, "/dev/input/event5", "event", (1,), keys=True)
    keyboard = replace(scanner, vid=0x046D, pid=0xC31C)
    another = replace(scanner, pid=0x9999)  # of the same maker, but nobody has said what it is
    wedges = [each for name, each in models().items() if name.startswith("wedge-")]
    assert known_as(scanner, wedges) == wedges
    assert known_as(keyboard, wedges) == []
    assert known_as(another, wedges) == []
