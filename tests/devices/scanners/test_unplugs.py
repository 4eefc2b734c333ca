"""The benchmark's rig, a few rounds of it: codes before, during and after unplugs, the far end in another process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.devices.rig import sure
from benchmarks.devices.rounds import unplugs
from devices.protocol.lines import surely_whole


@pytest.mark.parametrize("name", ["ours", "pyserial"])
def test_unplugs_in_the_middle_of_a_code(name: str, tmp_path: Path) -> None:
    found = unplugs(name, tmp_path, 8)
    assert found.sent == 24
    if name == "ours":
        assert (found.lost, found.doubled, found.wrong, found.unheard, found.stuck) == (0, 0, 0, 0, 0)
        assert (found.threads, found.files) == (0, 0)


def test_the_codes_it_sends_are_gtins() -> None:
    assert all(surely_whole(sure(number).encode()) for number in range(50))
