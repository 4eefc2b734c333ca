"""Waiting for a descriptor: the deadline holds whatever the line does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from devices.errors import Timeout
from devices.transport.waiting import Waiter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_line_that_takes_all_carries_no_write_beyond_its_deadline(pipe: tuple[int, int]) -> None:
    waiter = Waiter("line")
    with pytest.raises(Timeout, match="line: 4 of 64 bytes went out in 0 s") as caught:
        waiter.write(pipe[1], bytes(64), 0.0, 4)
    assert caught.value.sent == 4
    assert os.read(pipe[0], 64) == bytes(4)
    waiter.write(pipe[1], bytes(64), 5.0, 4)
    assert len(os.read(pipe[0], 64)) == 64
    assert waiter.closing()
