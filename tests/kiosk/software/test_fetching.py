"""Programs come as patches where one fits, as files where anything is wrong with it, and never as anything else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from content.release.manifest import Blob
from content.software.publishing import releases
from kiosk.fetching.errors import FetchError
from kiosk.fetching.releases import Allowed, Whole
from kiosk.fetching.sources import FolderSource
from kiosk.software.fetching import SoftwareFetching
from tests.kiosk.software.shop import Builder, fetching_of

NOISE = random.Random(5).randbytes(90_000)


class Line:
    """A builder with two releases, the first of which the kiosk has."""

    def __init__(self, folder: Path) -> None:
        self.builder, self.state = Builder(folder), folder / "state"
        self.builder.publish("1.0.0", {"kiosk/noise.bin": NOISE})
        self.bring("endcap-1.0.0")
        self.builder.publish("1.1.0", {"kiosk/noise.bin": NOISE})

    def bring(self, name: str, *, most: int = 64 << 20) -> tuple[Whole, SoftwareFetching]:
        fetching = fetching_of(self.builder, self.state, most=most)
        source = [FolderSource(self.builder.repository.folder)]
        fetching.refresh(source)
        return fetching.fetch(fetching.wanted(name), source), fetching

    def there(self, fetching: SoftwareFetching, whole: Whole) -> bool:
        return all(fetching.blobs.verify(file.plain) for file in fetching.release(whole.page).files)

    def patch(self) -> Path:
        (patch,) = releases(self.builder.repository)[-1].files[0].patches
        return self.builder.repository.folder / "blobs" / patch.blob.path

    def base(self, fetching: SoftwareFetching) -> Path:
        file = releases(self.builder.repository)[0].files[0]
        return fetching.blobs.path(file.plain)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_a_patch_brings_the_change_alone(line: Line) -> None:
    whole, fetching = line.bring("endcap-1.1.0")

    assert line.there(fetching, whole)
    assert (fetching.patched, fetching.fell_back) == (1, 0)
    assert whole.fetched < 4000 < len(NOISE)
    assert not fetching.blobs.path(Blob(line.patch().name, 0, 0)).exists()  # nobody needs it any more


@pytest.mark.parametrize("wrong", ["flipped", "cut off", "gone", "endless"])
def test_a_patch_that_is_damaged_costs_the_file_and_nothing_else(line: Line, wrong: str) -> None:
    path = line.patch()
    data = path.read_bytes()
    match wrong:
        case "flipped":
            path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
        case "cut off":
            path.write_bytes(data[:-5])
        case "gone":
            path.unlink()
        case _:
            path.write_bytes(data + bytes(1 << 20))

    whole, fetching = line.bring("endcap-1.1.0")

    assert line.there(fetching, whole)
    assert (fetching.patched, fetching.fell_back) == (0, 1)


def test_a_damaged_base_is_found_before_it_is_used(line: Line) -> None:
    base = line.base(fetching_of(line.builder, line.state))
    data = bytearray(base.read_bytes())
    data[9] ^= 1
    base.write_bytes(data)

    whole, fetching = line.bring("endcap-1.1.0")

    assert line.there(fetching, whole)
    assert (fetching.patched, fetching.fell_back) == (0, 0)
    assert not base.exists()


def test_a_kiosk_without_the_base_or_the_memory_fetches_the_file(line: Line, tmp_path: Path) -> None:
    whole, fetching = line.bring("endcap-1.1.0", most=100_000)
    assert line.there(fetching, whole)
    assert fetching.patched == 0

    line.state = tmp_path / "another"
    whole, fetching = line.bring("endcap-1.1.0")
    assert line.there(fetching, whole)
    assert fetching.patched == 0


def test_what_is_here_is_not_fetched_again_and_what_nobody_needs_goes(line: Line) -> None:
    line.bring("endcap-1.1.0")
    whole, fetching = line.bring("endcap-1.1.0")

    assert whole.fetched == 0
    assert fetching.whole(fetching.wanted("endcap-1.1.0")) is not None
    files, _ = fetching.clean([whole.page])
    assert files == 2  # the older wheel and its page
    assert line.there(fetching, whole)


def test_a_damaged_file_is_refused(line: Line, tmp_path: Path) -> None:
    line.state = tmp_path / "another"
    blob = releases(line.builder.repository)[-1].files[0].blob
    path = line.builder.repository.folder / "blobs" / blob.path
    path.write_bytes(bytes(path.stat().st_size))

    with pytest.raises(FetchError, match="wrong-bytes"):
        line.bring("endcap-1.1.0")


def test_outside_the_hours_and_without_room_nothing_comes(line: Line) -> None:
    source = [FolderSource(line.builder.repository.folder)]
    fetching = fetching_of(line.builder, line.state)
    fetching.refresh(source)
    with pytest.raises(FetchError, match="not-now"):
        fetching.fetch(fetching.wanted("endcap-1.1.0"), source, allowed=Allowed(blobs=False))
    with pytest.raises(FetchError, match="unknown"):
        fetching.wanted("endcap-9")
    with pytest.raises(FetchError, match="unknown"):
        fetching.wanted("")  # no software is for everybody
