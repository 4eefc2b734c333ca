"""Host commands as the makers' manuals print them, and answers told apart from codes on the same line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol import gm65, newland
from devices.protocol.commands import CipherLab, Commands, Datalogic, De2120, Honeywell
from devices.protocol.gm65 import Gm65
from devices.protocol.lines import Answer, Code, Event, LineParser, Unanswered
from devices.protocol.newland import Newland

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "scanners" / "command_vectors.json").read_text()
)
GTIN = b"4006381333931"


def manual(family: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[family][name])


class TestAsPrinted:
    def test_honeywell(self) -> None:
        family = Honeywell()
        assert family.trigger(True) == manual("honeywell", "trigger_on")
        assert family.trigger(False) == manual("honeywell", "trigger_off")
        assert family.signal(True) == manual("honeywell", "beep")
        assert family.menu(b"232BAD9", lasting=True) == manual("honeywell", "menu")
        assert family.menu(b"232BAD9")[-1:] == b"!", "what is not asked to last is volatile"

    def test_datalogic(self) -> None:
        family = Datalogic()
        assert family.trigger(True) == manual("datalogic_magellan", "enable")
        assert family.trigger(False) == manual("datalogic_magellan", "disable")
        assert family.signal(True) == manual("datalogic_magellan", "beep")
        assert family.signal(False)[:1] == manual("datalogic_magellan", "not_on_file")
        assert family.heartbeat() == manual("datalogic_magellan", "status")

    def test_cipherlab(self) -> None:
        family = CipherLab()
        assert family.trigger(True) == manual("cipherlab", "enable")
        assert family.trigger(False) == manual("cipherlab", "disable")
        assert family.configure("109952") == manual("cipherlab", "configure")

    def test_de2120(self) -> None:
        assert De2120().trigger(True) == manual("de2120", "start")
        assert De2120().trigger(False) == manual("de2120", "stop")

    def test_newland(self) -> None:
        assert newland.command(b"C11*", lasting=True) == manual("newland_ascii", "query_code11")
        assert newland.command(b"DFMADD069990039999F141", lasting=True) == manual(
            "newland_ascii", "set_example"
        )
        for wrong in (b"", b"A;\x03B", b"\xff"):
            with pytest.raises(ProtocolError):
                newland.command(wrong)

    def test_gm65_checks_are_crc_16_xmodem(self) -> None:
        for reply in VECTORS["newland_em3095_gm65"]["replies"]:
            raw = bytes.fromhex(reply)
            assert gm65.check(raw[2:-2]) == raw[-2:]
        assert gm65.HEARTBEAT.hex() == "7e000a01000000301a"
        unchecked = gm65.command(gm65.WRITE, gm65.TRIGGER_REGISTER, b"\x01", checked=False)
        assert unchecked.hex() == "7e000801000201abcd"
        for kind, address, data in (
            (8, 2, b""),
            (8, 2, bytes(256)),
            (8, 0x10000, b"\x01"),
            (256, 0, b"\x01"),
        ):
            with pytest.raises(ProtocolError):
                gm65.command(kind, address, data)


class Line:
    """A parser of one family that has just sent a command."""

    def __init__(self, family: Commands, *asked: bytes) -> None:
        self.parser = LineParser(commands=family)
        for command in asked:
            assert family.answered(command)
            self.parser.expect(command, 1.0)

    def hear(self, *pieces: bytes) -> list[Event]:
        events: list[Event] = []
        for number, piece in enumerate(pieces):
            events += self.parser.feed(piece, 1.0 + number / 1000)
        return events + self.parser.timeout(1.5)


def told(events: list[Event]) -> list[bytes | bool]:
    """Codes as bytes, answers as yes or no."""
    return [
        event.data if isinstance(event, Code) else isinstance(event, Answer) and event.good
        for event in events
    ]


MENU = Honeywell().menu(b"232BAD9")
FAMILIES: dict[str, tuple[Commands, bytes, bytes, bytes]] = {
    # family, a command, its yes, its no
    "honeywell": (Honeywell(), MENU, b"232BAD9\x06!", b"232BAD9\x15!"),
    "datalogic": (Datalogic(), b"h", b"\x01\x02mOK\x03\x04", b"\x01\x02mFAIL\x03\x04"),
    "de2120": (De2120(), b"^_^SCAN.", b"\x06", b"\x15"),
    "gm65": (
        Gm65(),
        Gm65().trigger(True),
        bytes.fromhex(VECTORS["newland_em3095_gm65"]["replies"][0]),
        bytes.fromhex(VECTORS["newland_em3095_gm65"]["replies"][2]),
    ),
    "newland": (
        Newland(),
        manual("newland_ascii", "set_example"),
        manual("newland_ascii", "set_reply"),
        manual("newland_ascii", "set_reply").replace(b"\x06;", b"\x15;"),
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
class TestAnswers:
    def test_yes_and_no(self, name: str) -> None:
        family, asked, yes, no = FAMILIES[name]
        assert Line(family, asked).hear(yes) == [Answer(asked, yes, True)]
        assert Line(family, asked).hear(no) == [Answer(asked, no, False)]

    def test_before_behind_and_between_codes(self, name: str) -> None:
        family, asked, yes, _ = FAMILIES[name]
        assert told(Line(family, asked).hear(yes + GTIN + b"\r")) == [True, GTIN]
        assert told(Line(family, asked).hear(GTIN + b"\r\n" + yes)) == [GTIN, True]
        assert told(Line(family, asked).hear(b"voucher\r" + yes + b"other\r")) == [b"voucher", True, b"other"]

    def test_byte_by_byte(self, name: str) -> None:
        family, asked, yes, _ = FAMILIES[name]
        stream = GTIN + b"\r\n" + yes + b"]Q1next\r\n"
        assert told(Line(family, asked).hear(*(bytes([byte]) for byte in stream))) == [GTIN, True, b"next"]

    def test_a_code_is_no_answer(self, name: str) -> None:
        family, asked, _, _ = FAMILIES[name]
        line = Line(family, asked)
        assert told(line.hear(GTIN + b"\r", b"some text\r")) == [GTIN, b"some text"]
        assert line.parser.timeout(9.0) == [Unanswered(asked)]
        assert not line.parser.awaiting

    def test_an_answer_within_a_code_stays_there(self, name: str) -> None:
        family, asked, yes, _ = FAMILIES[name]
        code = b"]Q1A" + yes + b"B"
        assert told(Line(family, asked).hear(code + b"\r")) == [code[3:]]

    def test_the_wire_is_cut(self, name: str) -> None:
        family, asked, yes, _ = FAMILIES[name]
        line = Line(family, asked)
        line.parser.feed(yes[:-1], 1.0)
        line.parser.reset()
        assert line.parser.wait_s(1.0) is None
        assert told(line.hear(GTIN + b"\r")) == [GTIN]

    @given(st.binary(max_size=60), st.integers(1, 5))
    def test_pieces_do_not_matter(self, name: str, noise: bytes, size: int) -> None:
        family, asked, yes, _ = FAMILIES[name]
        stream = noise + yes + GTIN + b"\r" + yes
        pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
        assert Line(family, asked).hear(*pieces) == Line(family, asked).hear(stream)


class TestLateAnswers:
    """An answer that comes after nobody waits for it any more becomes no code, where it can be told from one."""

    @pytest.mark.parametrize("name", ["datalogic", "gm65", "newland"])
    def test_is_counted_as_stray(self, name: str) -> None:
        family, _, yes, _ = FAMILIES[name]
        line = Line(family)
        assert line.hear(yes + GTIN + b"\r") == [Answer(b"", yes, True), Code(GTIN, GTIN.decode(), "")]
        assert line.parser.stray == 1

    def test_one_to_something_else_answers_nothing(self) -> None:
        line = Line(Newland(), Newland().trigger(True))
        assert told(line.hear(manual("newland_ascii", "set_reply"))) == [True]
        assert line.parser.awaiting
        line = Line(Gm65(), gm65.HEARTBEAT)
        line.hear(FAMILIES["gm65"][2])
        assert line.parser.awaiting
        assert line.hear(bytes.fromhex("03000001003331")) == [
            Answer(gm65.HEARTBEAT, bytes.fromhex("03000001003331"), True)
        ]

    def test_a_damaged_one_costs_one_code_at_most(self) -> None:
        spoiled = bytearray(FAMILIES["gm65"][2])
        spoiled[4] ^= 1
        line = Line(Gm65(), FAMILIES["gm65"][1])
        line.hear(bytes(spoiled))
        assert told(line.hear(GTIN + b"\r")) == [GTIN]
