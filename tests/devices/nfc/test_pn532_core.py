"""The simulated PN532 for hosts that do more by themselves than we do: registers, CRCs, ISO 14443-4 blocks."""

from __future__ import annotations

import pytest

from devices.protocol import ndef, tag_reading
from devices.protocol.pn532_targets import LIST_ONE_TYPE_A, target_of
from devices.sim.pn532_core import Pn532Core
from devices.sim.tags import Type2Tag, Type4Tag

UID = bytes.fromhex("04a1b2c3d4e5f6")
PAGE = ndef.encode([ndef.uri_record("https://shop.example/01/09521100100410")])
NO_RATS, NO_CRC = bytes.fromhex("1200"), bytes.fromhex("08630300")


def test_registers_are_kept_until_the_next_look() -> None:
    core = Pn532Core()
    assert core.run(bytes.fromhex("0663026303")).hex() == "078080"
    core.run(NO_CRC)
    assert core.run(bytes.fromhex("0663026303")).hex() == "078000"
    core.run(LIST_ONE_TYPE_A)
    assert core.run(bytes.fromhex("066303")).hex() == "0780"


def test_a_raw_answer_ends_with_its_crc() -> None:
    core = Pn532Core()
    core.hold(Type2Tag(UID, bytes(64)))
    core.run(LIST_ONE_TYPE_A)
    core.run(NO_CRC)
    # the CRC every empty MIFARE block has
    assert core.run(b"\x42\x30\x04") == b"\x43\x00" + bytes(16) + bytes.fromhex("37 49")


@pytest.mark.parametrize("chain", [False, True])
def test_a_host_that_sends_blocks_reads_the_same_tag(chain: bool) -> None:
    core = Pn532Core()
    core.run(NO_RATS)
    core.hold(Type4Tag(UID, PAGE))
    found = target_of(core.run(LIST_ONE_TYPE_A))
    assert found is not None
    assert found.ats == b""
    assert core.run(b"\x42\xe0\x80") == b"\x43\x00" + bytes.fromhex("0578807002")
    number = 0

    def exchange(data: bytes) -> bytes:
        nonlocal number
        if chain:
            assert core.run(b"\x42" + bytes([0x12 | number]) + data[:3]) == b"\x43\x00" + bytes(
                [0xA2 | number]
            )
            number ^= 1
            data = data[3:]
        answer = core.run(b"\x42" + bytes([0x02 | number]) + data)
        assert answer[:3] == b"\x43\x00" + bytes([0x02 | number])
        assert core.run(b"\x42" + bytes([0xB2 | number])) == answer  # R(NAK): again
        number ^= 1
        assert core.run(b"\x42" + bytes([0xB2 | number])) == b"\x43\x00" + bytes(
            [0xA2 | number]
        )  # still there
        return answer[3:]

    assert tag_reading.run(tag_reading.read(found, aid=None), exchange).message == PAGE
    assert core.run(b"\x42\xc2") == b"\x43\x00\xc2"
    assert core.run(b"\x42\x55") == b"\x43\x01"
