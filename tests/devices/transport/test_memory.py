"""The wire in memory keeps the promises of a transport."""

from __future__ import annotations

import threading

import pytest

from devices.errors import Gone, Timeout
from devices.transport.memory import MOST, memory_pair


def test_pieces_arrive_as_they_were_written() -> None:
    ours, theirs = memory_pair()
    ours.write(b"one", 1.0)
    ours.write(b"two", 1.0)
    assert [theirs.read(0), theirs.read(0), theirs.read(0)] == [b"one", b"two", b""]


def test_a_wake_ends_a_read_and_a_cut_ends_it_as_gone() -> None:
    ours, theirs = memory_pair()
    for end in (ours.wake, theirs.unplug):
        ended: list[object] = []

        def read(ended: list[object] = ended) -> None:
            try:
                ended.append(ours.read(60))
            except Gone as gone:
                ended.append(gone)

        thread = threading.Thread(target=read)
        thread.start()
        end()
        thread.join(60)
        assert len(ended) == 1
        assert ended[0] == b"" if end == ours.wake else isinstance(ended[0], Gone)
    with pytest.raises(Gone):
        ours.write(b"x", 1.0)


def test_an_end_that_does_not_read_holds_up_a_write_until_its_deadline() -> None:
    ours, theirs = memory_pair()
    ours.write(bytes(MOST), 1.0)
    with pytest.raises(Timeout, match="0 of 1 bytes"):
        ours.write(b"x", 0.02)
    theirs.close()
    with pytest.raises(Gone):
        ours.write(b"x", 0.02)
