"""The faults a simulated line can have, and the wire that has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import Gone, Timeout
from devices.sim import faults
from devices.sim.faults import Fault, Pause, Unplug
from devices.sim.wire import Wire
from devices.transport.serial import SerialTransport
from tests.kiosk.until import until

FRAME = bytes(range(40))


def sent(fault: Fault, data: bytes = FRAME) -> bytes:
    return b"".join(piece for piece in fault(data) if isinstance(piece, bytes))


class TestFaults:
    @given(st.binary(min_size=1, max_size=80), st.integers(1, 9), st.integers(0, 99))
    def test_pieces_are_the_whole(self, data: bytes, size: int, seed: int) -> None:
        cuts = (faults.whole, faults.one_by_one, faults.chunks(size), faults.ragged(size, seed))
        for fault in (*cuts, faults.late(1), faults.halting(size, 1), faults.together(*cuts)):
            assert sent(fault, data) == data

    def test_the_same_seed_spoils_the_same_bytes(self) -> None:
        for make in (faults.damaged, faults.lossy):
            assert sent(make(7)) == sent(make(7)) != FRAME
        assert sent(faults.noise(9, 7)) == sent(faults.noise(9, 7))

    def test_one_bit_is_damaged_and_one_byte_lost(self) -> None:
        changed = [(a ^ b).bit_count() for a, b in zip(sent(faults.damaged(1)), FRAME, strict=True)]
        assert sum(changed) == 1
        assert len(sent(faults.lossy(1))) == len(FRAME) - 1

    def test_a_fault_can_be_rare(self) -> None:
        rare = faults.every(5, faults.silent)
        assert [sent(rare) for _ in range(10)].count(b"") == 2
        rare = faults.sometimes(faults.silent, 0.05, seed=3)
        assert 20 < [sent(rare) for _ in range(1000)].count(b"") < 90

    def test_the_plug_is_pulled_once_after_so_many_bytes(self) -> None:
        fault = faults.unplug_after(50)
        assert fault(FRAME) == [FRAME]
        assert fault(FRAME) == [FRAME[:10], Unplug()]
        assert fault(FRAME) == [FRAME]

    def test_faults_are_joined(self) -> None:
        fault = faults.together(faults.preamble(b"\x00"), faults.unplug_after(2), faults.one_by_one)
        assert fault(b"abc") == [b"\x00", b"a", Unplug()]
        assert faults.together(faults.twice, faults.late(2))(b"x") == [Pause(2), b"x", Pause(2), b"x"]


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    it = Wire(tmp_path / "port", lambda data: data)
    it.plug()
    yield it
    it.close()


def read(port: SerialTransport, count: int) -> bytes:
    got = b""

    def whole() -> bool:
        nonlocal got
        got += port.read(0.2)
        return len(got) >= count

    until(whole, f"{count} bytes")
    return got


class TestWire:
    def test_what_waits_for_its_time_comes_whole_and_in_order(self, wire: Wire, tmp_path: Path) -> None:
        port = SerialTransport(str(tmp_path / "port"))
        wire.faults = faults.together(faults.chunks(3), faults.late(0.002))
        wire.send(FRAME)
        wire.faults = faults.whole
        wire.send(b"after")
        assert read(port, 45) == FRAME + b"after"
        port.close()

    def test_a_flood_beyond_the_buffer_waits_for_the_reader(self, wire: Wire, tmp_path: Path) -> None:
        port = SerialTransport(str(tmp_path / "port"))
        wire.faults = faults.flood(200_000, seed=1)
        wire.send(b"x")
        assert len(read(port, 200_001)) == 200_001
        port.close()

    def test_half_open_it_reads_nothing_and_says_nothing_and_comes_back(
        self, wire: Wire, tmp_path: Path
    ) -> None:
        port = SerialTransport(str(tmp_path / "port"))
        wire.half_open = True
        with pytest.raises(Timeout):
            port.write(bytes(100_000), 0.05)
        wire.send(b"lost")
        assert port.read(0) == b""
        wire.half_open = False
        assert read(port, 1)[:1] == b"\x00"  # the echo of what was in the buffer
        port.close()

    def test_a_cable_pulled_in_the_middle_of_a_frame_can_be_put_back(
        self, wire: Wire, tmp_path: Path
    ) -> None:
        port = SerialTransport(str(tmp_path / "port"))
        wire.faults = faults.unplug_after(7)
        wire.send(FRAME)
        with pytest.raises(Gone):
            read(port, len(FRAME))
        until(lambda: not os.path.lexists(tmp_path / "port"), "the path to go")
        assert not wire.plugged
        port.close()
        wire.plug()
        port = SerialTransport(str(tmp_path / "port"))
        wire.send(FRAME)
        assert read(port, len(FRAME)) == FRAME
        port.close()

    def test_it_can_be_pulled_by_what_it_hears(self, tmp_path: Path) -> None:
        def hear(data: bytes) -> bytes:
            cable.unplug()
            return b"too late"

        cable = Wire(tmp_path / "port", hear)
        cable.plug()
        port = SerialTransport(str(tmp_path / "port"))
        port.write(b"go", 1)
        with pytest.raises(Gone):
            read(port, 1)
        port.close()
        cable.close()
        cable.close()
