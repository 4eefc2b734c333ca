"""Publishing programs: patches where they are worth it, and nothing of it lost by sweeping."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import pytest

from content.release.keys import Ring
from content.release.manifest import BadRelease
from content.release.packing import unpack
from content.release.repository import Repository
from content.release.rotation import create, key_names, make_keys
from content.release.sweeping import GRACE
from content.software import cli
from content.software.manifest import File
from content.software.patching import MOST, apply_patch, make_patch
from content.software.publishing import releases
from tests.content.software.made import wheel

NOW = int(time.time())


class Builder:
    """Whoever builds programs, with a repository and its keys."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys = folder, folder / "keys"
        make_keys(self.keys, key_names(["demo"]), None)
        self.repository = Repository(folder / "repository")
        create(self.repository, Ring([self.keys]), ["demo"], NOW)

    def command(self, *words: str) -> int:
        return cli.main([*words, "--repository", str(self.repository.folder), "--keys", str(self.keys)])

    def blob(self, file: File) -> bytes:
        return unpack(file.blob, (self.repository.folder / "blobs" / file.blob.path).read_bytes())


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def big(seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(80_000)


def test_a_changed_file_travels_as_a_patch(builder: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    for version, word in (("1.0.0", "old"), ("1.1.0", "new")):
        made = wheel(builder.folder / version, version, {"kiosk/a.bin": big(), "kiosk/b.py": f"w = '{word}'"})
        assert builder.command(str(made), "--version", version) == 0

    first, second = releases(builder.repository)
    assert "fetches" in capsys.readouterr().out
    (patch,) = second.files[0].patches
    assert patch.base == first.files[0].sha256
    assert patch.blob.size < 3000 < second.files[0].blob.size
    data = (builder.repository.folder / "blobs" / patch.blob.path).read_bytes()
    file = second.files[0]
    assert apply_patch(builder.blob(first.files[0]), data, file.size, file.sha256) == builder.blob(file)


def test_a_patch_that_is_not_worth_it_is_not_published(builder: Builder) -> None:
    for version, seed in (("1.0.0", 1), ("1.1.0", 2)):
        made = wheel(builder.folder / version, version, {"kiosk/a.bin": big(seed)})
        assert builder.command(str(made), "--version", version) == 0

    assert [file.patches for release in releases(builder.repository) for file in release.files] == [(), ()]


def test_a_wheel_that_stays_is_not_stored_again(builder: Builder) -> None:
    other = wheel(builder.folder / "same", "3.0", {"other.bin": big(3)}, project="other")
    for version in ("1.0.0", "1.1.0"):
        made = wheel(builder.folder / version, version, {"kiosk/v.py": f"v = '{version}'"})
        assert builder.command(str(made), str(other), "--version", version) == 0

    first, second = releases(builder.repository)
    assert first.files[1] == second.files[1]


def test_sweeping_keeps_what_software_needs_and_takes_what_was_retired(builder: Builder) -> None:
    for version in ("1.0.0", "1.1.0"):
        made = wheel(builder.folder / version, version, {"kiosk/a.bin": big(), "kiosk/v.py": version})
        assert builder.command(str(made), "--version", version) == 0
    first, second = releases(builder.repository)
    ring = Ring([builder.keys])

    builder.repository.refresh(ring, NOW)
    builder.repository.refresh(ring, NOW + 2 * GRACE)
    assert builder.blob(first.files[0])

    assert builder.command("--retire", "endcap-1.0.0") == 0
    builder.repository.refresh(ring, NOW + 2 * GRACE)
    builder.repository.refresh(ring, NOW + 4 * GRACE)
    assert not (builder.repository.folder / "blobs" / first.files[0].blob.path).exists()
    assert builder.blob(second.files[0])


def test_an_image_is_named_and_not_stored(builder: Builder) -> None:
    digest = hashlib.sha256(b"image").hexdigest()

    assert builder.command("--image", f"wall-2.raucb=sha256:{digest}", "--version", "2.0") == 0

    (release,) = releases(builder.repository)
    assert release.image is not None
    assert (release.image.name, release.image.digest) == ("wall-2.raucb", digest)


def test_what_cannot_be_published_is_refused_and_changes_nothing(
    builder: Builder, capsys: pytest.CaptureFixture[str]
) -> None:
    good = wheel(builder.folder / "good", "1.0.0", {"kiosk/a.py": ""})
    other = wheel(builder.folder / "other", "1.0.0", {"o.py": ""}, project="other")
    (broken := builder.folder / "endcap-1-py3-none-any.whl").write_bytes(b"PK no zip")
    again = wheel(builder.folder / "again", "1.0.0", {"kiosk/a.py": "changed"})
    before = (builder.repository.folder / "metadata" / "timestamp.json").read_bytes()

    for words, code, said in (
        ((str(good),), 2, "--version"),
        (("--version", "1.0.0"), 2, "expected wheels"),
        ((str(good), "--image", "a=b", "--version", "1.0.0"), 2, "expected wheels"),
        ((str(good), "--version", "1.0.1"), 1, "is version 1.0.0, expected 1.0.1"),
        ((str(other), "--version", "1.0.0"), 1, "no wheel of endcap"),
        ((str(broken), "--version", "1"), 1, "not a wheel"),
        ((str(good), str(again), "--version", "1.0.0"), 1, "is endcap, too"),
        ((str(builder.folder / "keys"), "--version", "1"), 1, "no wheels there"),
        (("--image", "wall=short", "--version", "1"), 1, "sha256"),
        ((str(good), "--version", "1.0.0", "--name", "../up"), 1, "letters, digits"),
        (("--retire", "endcap-9"), 1, "no software release"),
    ):
        assert builder.command(*words) == code, words
        assert said in capsys.readouterr().err, words
    assert (builder.repository.folder / "metadata" / "timestamp.json").read_bytes() == before

    assert builder.command(str(good), "--version", "1.0.0") == 0
    assert builder.command(str(again), "--version", "1.0.0") == 1
    assert "never changes" in capsys.readouterr().err


def test_a_patch_is_believed_by_its_result_alone() -> None:
    base, new = big(), big()[:40_000] + b"changed" + big()[40_000:]
    patch = make_patch(base, new)
    assert patch is not None
    digest = hashlib.sha256(new).hexdigest()

    assert apply_patch(base, patch, len(new), digest) == new
    for wrong_base, wrong_patch, size, sha256 in (
        (big(2), patch, len(new), digest),
        (base, patch[:-9], len(new), digest),
        (base, patch[:20] + b"\xff" + patch[21:], len(new), digest),
        (base, b"no zstd", len(new), digest),
        (base, patch, len(new) - 1, digest),
        (base, patch, len(new), "00" * 32),
        (base, patch, MOST, digest),
    ):
        with pytest.raises(BadRelease, match="patch"):
            apply_patch(wrong_base, wrong_patch, size, sha256)


def test_files_too_large_for_a_kiosk_get_no_patch() -> None:
    assert make_patch(bytes(MOST), b"x") is None
