"""Zebra SSI: packets as recorded, codes in several packets, repetitions, damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol import ssi
from devices.protocol.lines import Code
from devices.protocol.ssi import Damaged, Packet, Parser
from devices.protocol.ssi_codes import code_of
from devices.protocol.ssi_host import MOST_WAITING, REPEAT_S, RESENDS, RESPONSE_S, Answered, Host

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "scanners" / "ssi_vectors.json").read_text()
)
ACK, NAK = ssi.build(ssi.ACK), ssi.build(ssi.NAK, bytes([ssi.RESEND]))


def recorded(name: str) -> list[bytes]:
    found = VECTORS[name]
    return [bytes.fromhex(each) for each in ([found] if isinstance(found, str) else found)]


def decoded(data: bytes, code_type: int = 0x0B, status: int = 0) -> bytes:
    return ssi.build(ssi.DECODE_DATA, bytes([code_type]) + data, status, ssi.DECODER)


def packets(stream: bytes, *sizes: int) -> list[Packet | Damaged]:
    parser, found, start, turn = Parser(), [], 0, 0
    while start < len(stream):
        size = sizes[turn % len(sizes)] if sizes else len(stream)
        found += parser.feed(stream[start : start + size], 1.0)
        start, turn = start + size, turn + 1
    return found + parser.timeout(2.0)


class TestPackets:
    def test_the_hosts_as_recorded(self) -> None:
        assert recorded("host_cmd_ack") == [ACK]
        assert recorded("host_start_session") == [ssi.build(ssi.START_SESSION)]
        assert recorded("host_scan_enable_status8") == [ssi.build(ssi.SCAN_ENABLE, status=ssi.LASTING)]

    @pytest.mark.parametrize(
        ("name", "opcode"),
        [
            ("decoder_cmd_ack_status80", ssi.ACK),
            ("decoder_event_20", ssi.EVENT),
            ("decoder_event_21", ssi.EVENT),
            ("rsm", ssi.RSM),
            ("multipacket_500xZ_qr", ssi.MULTIPACKET),
        ],
    )
    def test_the_decoders_as_recorded(self, name: str, opcode: int) -> None:
        for raw in recorded(name):
            (packet,) = packets(raw)
            assert isinstance(packet, Packet)
            assert packet.opcode == opcode
            assert ssi.build(packet.opcode, packet.data, packet.status, packet.source) == raw
            assert packets(raw, 1) == [packet]

    def test_parameters_as_recorded(self) -> None:
        found = [packet for raw in recorded("param_send") for packet in packets(raw)]
        assert [packet.data.hex() for packet in found if isinstance(packet, Packet)] == [
            "fff4f03e04ff",
            "ff01009c07",
        ]

    def test_too_much_for_a_packet(self) -> None:
        with pytest.raises(ProtocolError):
            ssi.build(ssi.PARAM_SEND, bytes(ssi.MOST_DATA + 1))

    @given(st.binary(max_size=200), st.lists(st.integers(1, 40), min_size=1, max_size=5))
    def test_pieces_do_not_matter(self, noise: bytes, sizes: list[int]) -> None:
        stream = noise + decoded(b"4006381333931") + noise[:9] + decoded(b"96385074")
        assert packets(stream, *sizes) == packets(stream)

    @given(st.data())
    def test_any_damage_to_one_packet_costs_that_packet(self, data: st.DataObject) -> None:
        texts = data.draw(st.lists(st.binary(min_size=2, max_size=40), min_size=2, max_size=5))
        raws = [bytearray(decoded(text)) for text in texts]
        hit = data.draw(st.integers(0, len(raws) - 1))
        where = data.draw(st.integers(0, len(raws[hit]) - 1))
        raws[hit][where] ^= data.draw(st.integers(1, 255))
        found = [each for each in packets(b"".join(raws)) if isinstance(each, Packet)]
        wanted = [bytes([0x0B]) + text for text in texts]
        if where in (1, 3):  # opcode and status say nothing of the length, but the checksum finds them out
            assert len(found) <= len(texts)
        del wanted[hit]
        assert [each.data for each in found if each.data in wanted] == wanted

    @given(st.lists(st.binary(min_size=1, max_size=600), max_size=20))
    def test_memory_is_bounded(self, pieces: list[bytes]) -> None:
        parser = Parser()
        for piece in pieces:
            parser.feed(piece, 1.0)
            assert len(parser._buffer) <= 257
        parser.timeout(2.0)
        assert parser.feed(decoded(b"96385074"), 3.0) == [Packet(ssi.DECODE_DATA, b"\x0b96385074")]


class TestCodes:
    def test_symbologies(self) -> None:
        assert code_of(0x0B, b"4006381333931") == Code(b"4006381333931", "4006381333931", "]E0")
        assert code_of(0x0F, b"0109506000134352\x1d10A").aim == "]C1"
        assert code_of(0xEE, b"what").aim == ""
        assert code_of(0x1C, b"]Q3" + b"01095").aim == "]Q3", "the scanner's own word is the truth"

    def test_upc_becomes_the_gtin_it_is(self) -> None:
        assert code_of(0x08, b"012345678905") == Code(b"012345678905", "0012345678905", "]E0")
        assert code_of(0x09, b"01234565") == Code(b"01234565", "0012345000065", "]E0")
        assert code_of(0x09, b"123456") == Code(b"123456", "123456", "]X0")


class TestHost:
    def test_a_code_is_acknowledged(self) -> None:
        host = Host()
        assert host.feed(decoded(b"4006381333931"), 1.0) == [Code(b"4006381333931", "4006381333931", "]E0")]
        assert host.to_send(1.0) == ACK
        assert host.to_send(1.0) == b""

    def test_the_recorded_code_of_500_letters(self) -> None:
        host, events = Host(), []
        for raw in recorded("multipacket_500xZ_qr"):
            events += host.feed(raw, 1.0)
            assert host.to_send(1.0) == ssi.build(ssi.MULTIPACKET_ACK)
        assert events == [Code(b"Z" * 500, "Z" * 500, "]Q1")]

    def test_a_segment_that_comes_twice_counts_once(self) -> None:
        host, events = Host(), []
        for raw in recorded("multipacket_500xZ_qr"):
            packet = packets(raw)[0]
            assert isinstance(packet, Packet)
            again = ssi.build(packet.opcode, packet.data, ssi.RETRANSMIT, packet.source)
            events += host.feed(raw, 1.0) + host.feed(again, 3.0)
        assert [event.data for event in events if isinstance(event, Code)] == [b"Z" * 500]

    def test_a_segment_that_is_missing_costs_the_code_and_no_other(self) -> None:
        host = Host()
        first, _, last = recorded("multipacket_500xZ_qr")
        assert host.feed(first + last, 1.0) == []
        assert host.counts["dropped"] == 1
        assert host.to_send(1.0).endswith(NAK)
        for raw in recorded("multipacket_500xZ_qr"):
            events = host.feed(raw, 2.0)
        assert len(events) == 1

    def test_a_repetition_is_acknowledged_and_told_once(self) -> None:
        host = Host()
        assert len(host.feed(decoded(b"4006381333931"), 1.0)) == 1
        host.to_send(1.0)
        assert host.feed(decoded(b"4006381333931", status=ssi.RETRANSMIT), 3.0) == []
        assert host.to_send(3.0) == ACK
        assert host.counts["repeated"] == 1

    def test_the_same_code_scanned_again_is_told_again(self) -> None:
        host = Host()
        assert len(host.feed(decoded(b"4006381333931"), 1.0)) == 1
        assert len(host.feed(decoded(b"4006381333931"), 1.5)) == 1
        late = 1.5 + REPEAT_S + 1.0
        assert len(host.feed(decoded(b"4006381333931", status=ssi.RETRANSMIT), late)) == 1

    def test_a_damaged_packet_is_asked_for_again(self) -> None:
        host, raw = Host(), bytearray(decoded(b"4006381333931"))
        raw[7] ^= 0x20
        assert host.feed(bytes(raw), 1.0) + host.timeout(2.0) == []
        assert host.to_send(2.0) == NAK
        assert len(host.feed(decoded(b"4006381333931", status=ssi.RETRANSMIT), 2.1)) == 1

    def test_a_packet_in_two_parts_is_asked_for_once(self) -> None:
        """Asked for twice it would come twice, and its second acknowledgement be taken for the next packet's."""
        host, raw, nak = Host(), decoded(b"4006381333931"), ssi.build(ssi.NAK, b"\x01")
        assert host.feed(raw[:6], 1.0) == []
        assert host.timeout(1.2) == []
        assert host.feed(raw[6:], 1.3) == []
        assert host.to_send(1.3) == nak
        assert host.timeout(1.5) == []
        assert host.to_send(1.5) == b""
        (code,) = host.feed(decoded(b"4006381333931", status=1), 1.6)
        assert isinstance(code, Code)
        assert code.text == "4006381333931"
        assert host.to_send(1.6) == ssi.build(ssi.ACK)
        assert host.feed(decoded(b"96385074")[:-1] + b"\x00", 1.7) == []
        assert host.to_send(1.7) == nak, "another packet"

    def test_a_command_is_repeated_and_then_given_up(self) -> None:
        host, now = Host(), 1.0
        host.command(ssi.START_SESSION)
        assert host.to_send(now) == ssi.build(ssi.START_SESSION)
        for _ in range(RESENDS):
            now += RESPONSE_S
            assert host.timeout(now) == []
            assert host.to_send(now) == ssi.build(ssi.START_SESSION, status=ssi.RETRANSMIT)
        assert host.timeout(now + RESPONSE_S) == [Answered(ssi.START_SESSION, False, heard=False)]
        assert host.wait_s(now) is None

    def test_commands_go_out_one_by_one_and_are_answered(self) -> None:
        host = Host()
        host.command(ssi.REQUEST_REVISION)
        host.command(ssi.BEEP, b"\x00")
        assert host.to_send(1.0) == ssi.build(ssi.REQUEST_REVISION)
        reply = ssi.build(ssi.REPLY_REVISION, b"R1", 0x80, ssi.DECODER)
        assert host.feed(recorded("decoder_cmd_ack_status80")[0] + reply, 1.1) == [
            Answered(ssi.REQUEST_REVISION, True, b"R1")
        ]
        assert host.to_send(1.2) == ssi.build(ssi.BEEP, b"\x00")
        refused = ssi.build(ssi.NAK, bytes([ssi.DENIED]), 0, ssi.DECODER)
        assert host.feed(refused, 1.3) == [Answered(ssi.BEEP, False, bytes([ssi.DENIED]))]

    def test_too_many_commands(self) -> None:
        host = Host()
        for _ in range(MOST_WAITING):
            host.command(ssi.BEEP, b"\x00")
        with pytest.raises(ProtocolError):
            host.command(ssi.BEEP, b"\x00")

    @given(st.lists(st.binary(min_size=1, max_size=300), max_size=20))
    def test_any_bytes_leave_a_host_that_works(self, pieces: list[bytes]) -> None:
        host, now = Host(), 1.0
        for piece in pieces:
            now += 0.01
            host.feed(piece, now)
            assert len(host.to_send(now)) < 3000
        host.timeout(now + 1)
        host.to_send(now + 1)
        assert len(host.feed(decoded(b"4006381333931"), now + 9)) == 1
        assert host.to_send(now + 9) == ACK
