"""The PN532's parsers under a hail of bytes (tests.fuzz.device_targets)."""

from __future__ import annotations

from devices.protocol import pn532
from devices.protocol.pn532_exchange import Answer, Exchange
from devices.protocol.tag4_emulator import MOST_READ, Tag4Emulator
from tests.fuzz.device_targets import pieces, target


@target(
    "pn532",
    pn532.ACK + pn532.build(b"\x03\x32\x01\x06\x07", pn532.TO_HOST),
    b"\x00" + pn532.NACK + b"\x00\x00\xff\xff\xff\x01\x09\xf6",
)
def pn532_frames(data: bytes) -> None:
    """What is kept is bounded, and a frame behind any garbage and the silence of one longest frame is read."""
    parser = pn532.Parser()
    for piece in pieces(data):
        for frame in parser.feed(piece):
            assert not isinstance(frame, pn532.Data) or 1 <= len(frame.payload) < pn532.MOST
    parser.feed(bytes(2 * pn532.MOST))
    assert parser.feed(pn532.build(b"\x02"))[-1] == pn532.Data(pn532.TO_CHIP, b"\x02")


@target("pn532-exchange", pn532.ACK + pn532.build(b"\x03\x32\x01\x06\x07", pn532.TO_HOST))
def pn532_exchange(data: bytes) -> None:
    """It never ends in anything but an answer with its code or a failure, and the next command is answered."""
    exchange, now = Exchange(0), 0.0
    exchange.begin(b"\x02", now, blind=True)
    for piece in pieces(data):
        now += 0.001 if piece[0] & 1 else 0.2
        for event in [*exchange.feed(piece, now), *exchange.timeout(now)]:
            assert not isinstance(event, Answer) or event.payload[0] == 3
    exchange.abort()
    exchange.reset()
    exchange.begin(b"\x02", now, blind=True)
    told = exchange.feed(pn532.ACK + pn532.build(b"\x03\x32", pn532.TO_HOST), now)
    assert told == [Answer(b"\x03\x32")]


@target("tag4", bytes.fromhex("00A4040007D276000085010100"), bytes.fromhex("00B0000002"))
def tag4(data: bytes) -> None:
    """A phone may ask anything in any order: each question is answered with a status, and none sees behind the file."""
    tag = Tag4Emulator(b"message")
    for opening in ("00A4040007D276000085010100", "00A4000C02E104"):
        tag.answer(bytes.fromhex(opening))
    for apdu in pieces(data):
        answer = tag.answer(apdu)
        assert 2 <= len(answer) <= MOST_READ + 2
