"""Frames on a PN532's UART (UM0701-02, 6.2.1): built, read back, and found again after whatever came between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Damaged, Data, Nack


def test_the_manuals_example_frame() -> None:
    # UM0701-02: SAMConfiguration, normal mode
    assert pn532.build(bytes.fromhex("140100")).hex() == "0000ff04fcd4140100" + "17" + "00"


@given(st.binary(min_size=1, max_size=264), st.binary(max_size=5), st.integers(1, 7))
def test_what_is_built_is_read_back_after_noise_in_any_pieces(
    payload: bytes, noise: bytes, size: int
) -> None:
    stream = noise.replace(b"\xff", b"\x01") + pn532.ACK + pn532.build(payload, pn532.TO_HOST)
    parser, frames = pn532.Parser(), []
    for start in range(0, len(stream), size):
        frames += parser.feed(stream[start : start + size])
    assert frames[-2:] == [Ack(), Data(pn532.TO_HOST, payload)]


def test_extra_preamble_is_legal() -> None:
    assert pn532.Parser().feed(b"\x00\x00\x00" + pn532.build(b"\x02")) == [Data(pn532.TO_CHIP, b"\x02")]


def test_a_damaged_frame_costs_one_frame() -> None:
    good = pn532.build(b"\x03\x32\x01\x06\x07", pn532.TO_HOST)
    bad = bytearray(good)
    bad[8] ^= 0x10
    frames = pn532.Parser().feed(bytes(bad) + good)
    assert Damaged() in frames
    assert frames[-1] == Data(pn532.TO_HOST, b"\x03\x32\x01\x06\x07")


def test_nack() -> None:
    assert pn532.Parser().feed(pn532.NACK) == [Nack()]


@given(st.binary(max_size=2000))
def test_any_bytes_at_all_leave_a_parser_that_works(noise: bytes) -> None:
    parser = pn532.Parser()
    parser.feed(noise)
    parser.feed(bytes(600))  # more than the longest frame that noise may have begun
    assert parser.feed(pn532.build(b"\x02"))[-1] == Data(pn532.TO_CHIP, b"\x02")


def test_too_long_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="264"):
        pn532.build(bytes(265))
