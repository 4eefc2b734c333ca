"""A software release's page: what is written is read, and each mistake is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.release.manifest import BadRelease, Blob
from content.software.manifest import File, Image, Patch, Release, numbers, read_release, write_release

HASH = "ab" * 32
FILE = File(
    name="endcap-1.2.0-py3-none-any.whl", sha256=HASH, size=100_000, blob=Blob("cd" * 32, 90_000, 100_000, "zstd"),
    patches=(Patch(base="ef" * 32, blob=Blob("01" * 32, 500, 500)),),
)  # fmt: skip
RELEASE = Release(format=1, name="endcap-1.2.0", version="1.2.0", made_at=1_790_000_000, files=(FILE,))

Change = Callable[[dict[str, Any]], object]


def test_what_was_written_is_read() -> None:
    assert read_release(write_release(RELEASE)) == RELEASE
    image = Release(
        format=1, name="wall-7", version="2.0", made_at=1, image=Image(name="wall-7.raucb", digest=HASH)
    )
    assert read_release(write_release(image)) == image


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda page: page.update(format=2), "format 2"),
        (lambda page: page.update(name="../etc"), "named"),
        (lambda page: page.update(version="new"), "version"),
        (lambda page: page.update(from_min="x"), "from_min"),
        (lambda page: page.update(files=[]), "either wheels or an image"),
        (lambda page: page.update(image={"name": "i", "digest": HASH}), "either wheels or an image"),
        (lambda page: page.update(files=page["files"] * 2), "listed twice"),
        (lambda page: page.update(surprise=1), "surprise"),
        (lambda page: page["files"][0].update(name="../endcap-1.whl"), "a wheel's name"),
        (lambda page: page["files"][0].update(name="-r-1-py3-none-any.txt"), "a wheel's name"),
        (lambda page: page["files"][0].update(size=1), "its blob is not"),
        (lambda page: page["files"][0]["blob"].update(coding=""), "90000 bytes for 100000"),
        (lambda page: page["files"][0]["blob"].update(sha256="no"), "expected a sha256"),
        (lambda page: page["files"][0]["blob"].update(raw=1 << 30), "expected at most"),
        (lambda page: page["files"][0]["patches"][0]["blob"].update(size=99_000, raw=99_000), "larger than the file"),
        (lambda page: page["files"][0]["patches"][0].update(base="no"), "a patch that is none"),
        (lambda page: page["files"][0].update(patches=page["files"][0]["patches"] * 21), "21 patches"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_name(change: Change, said: str) -> None:
    page = json.loads(write_release(RELEASE))
    change(page)

    with pytest.raises(BadRelease, match=said):
        read_release(json.dumps(page).encode())


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(BadRelease):
        read_release(data)


def test_a_page_without_an_end_is_refused() -> None:
    with pytest.raises(BadRelease, match="expected at most"):
        read_release(b" " * (1 << 21))


def test_versions_are_compared_by_their_numbers() -> None:
    assert numbers("0.10.2+dev3") == (0, 10, 2)
    assert numbers("1.9") < numbers("1.10")
