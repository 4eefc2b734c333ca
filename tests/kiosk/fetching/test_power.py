"""The power goes at every write of a fetch: afterwards the next fetch is whole, and no version was forgotten that was acted on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kiosk.fetching.errors import FetchError
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import Repository
from tests.kiosk.powercut import HOWS, RecordingDisk

ONE = {"a.json": b"price 1.99", "b.json": b"price 2.99"}
TWO = {"a.json": b"price 1.49", "b.json": b"price 2.99"}


@pytest.mark.parametrize("how", HOWS)
def test_after_a_cut_anywhere_a_release_is_fetched_whole(tmp_path: Path, how: str) -> None:
    repository = Repository(tmp_path / "repository")
    repository.release(ONE)
    state = tmp_path / "state"
    state.mkdir()
    first = Kiosk(state, repository).fetch()
    repository.release(TWO)
    disk = RecordingDisk(state)
    Kiosk(state, repository, disk=disk).fetch()
    moments = [number for number, one in disk.cuts() if one == how]
    assert len(moments) > 20
    for number in moments:
        left = tmp_path / f"left-{number}"
        disk.leave(number, how, left)  # type: ignore[arg-type]
        kiosk = Kiosk(left, repository)
        assert kiosk.parts(first) == {f"parts/{name}": data for name, data in ONE.items()}, disk.calls[number]
        second = kiosk.fetch()
        assert kiosk.parts(second) == {f"parts/{name}": data for name, data in TWO.items()}, disk.calls[
            number
        ]
        shutil.rmtree(left)


def test_what_a_finished_fetch_had_seen_is_remembered_after_a_cut(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.release(ONE)
    old = (repository.folder / "metadata/timestamp.json").read_bytes()
    repository.release(TWO)
    state = tmp_path / "state"
    state.mkdir()
    disk = RecordingDisk(state)
    Kiosk(state, repository, disk=disk).fetch()
    (repository.folder / "metadata/timestamp.json").write_bytes(old)
    for how in HOWS:
        disk.leave(len(disk) - 1, how, tmp_path / how)
        with pytest.raises(FetchError, match="rolled-back"):
            Kiosk(tmp_path / how, repository).fetch()
