"""Blobs: made once, named by what is stored, given back only whole; what would unpack to more is stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import zstandard

from content.release.manifest import BadRelease, Blob, Caps, entries_of, read_root
from content.release.packing import BLOBS, PART, Built, pack, squeeze, unpack
from tests.content.release.releases import header, parts, pictures


def blobs_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / BLOBS).rglob("*") if path.is_file()}


def unpacked(built: Built, folder: Path) -> dict[str, bytes]:
    def stored(blob: Blob) -> bytes:
        return unpack(blob, (folder / BLOBS / blob.path).read_bytes())

    return {entry.name: stored(entry.blob) for entry in entries_of(read_root(built.data), stored)}


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    made, drawn = parts(), pictures(tmp_path / "in")

    built = pack(made, drawn, header(), tmp_path)

    found = unpacked(built, tmp_path)
    assert found == {f"parts/{name}": data for name, data in made.items()} | {
        name: path.read_bytes() for name, path in drawn.items()
    }
    assert built.root.files == 120
    assert {entry.blob.coding for entry in built.entries if entry.name.startswith("parts/")} == {"zstd"}
    assert {entry.blob.coding for entry in built.entries if entry.name.startswith("pictures/")} == {""}
    assert blobs_in(tmp_path) == {blob.sha256 for blob in built.new}


def test_the_same_content_is_the_same_release(tmp_path: Path) -> None:
    first = pack(parts(), {}, header(), tmp_path / "a")
    second = pack(parts(), {}, header(), tmp_path / "b")
    again = pack(parts(), {}, header(), tmp_path / "a")

    assert first.data == second.data == again.data
    assert again.new == ()


def test_one_changed_price_is_one_part_and_one_page(tmp_path: Path) -> None:
    made, drawn = parts(600), pictures(tmp_path / "in", 600)
    pack(made, drawn, header(1), tmp_path)
    made["products/0007.json"] = b'{"price": 9999}' * 40

    built = pack(made, drawn, header(2), tmp_path)

    pages = {page.sha256 for page in built.root.pages}
    assert len(pages) > 2
    assert len([blob for blob in built.new if blob.sha256 in pages]) == 1
    assert len([blob for blob in built.new if blob.sha256 not in pages]) == 1


def test_what_the_release_before_stored_is_taken_over_however_it_was_packed(tmp_path: Path) -> None:
    """Another version of zstd packs the same bytes otherwise: kiosks have no reason to fetch them again."""
    raw = b"the same words " * 50
    packed = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(raw)
    before = Blob(hashlib.sha256(packed).hexdigest(), len(packed), len(raw), "zstd")
    (tmp_path / BLOBS / before.path).parent.mkdir(parents=True)
    (tmp_path / BLOBS / before.path).write_bytes(packed)
    assert squeeze(raw)[0] != before

    built = pack({"a": raw}, {}, header(), tmp_path, before={"parts/a": before})
    other = pack({"a": raw[::-1]}, {}, header(), tmp_path, before={"parts/a": before})
    (tmp_path / BLOBS / before.path).write_bytes(b"damaged")
    healed = pack({"a": raw}, {}, header(), tmp_path, before={"parts/a": before})

    assert built.entries[0].blob == before
    assert other.entries[0].blob != before
    assert healed.entries[0].blob == squeeze(raw)[0]


def test_a_bomb_is_stopped_at_the_size_it_says() -> None:
    packed = zstandard.ZstdCompressor().compress(bytes(50_000_000))
    said = Blob(hashlib.sha256(packed).hexdigest(), len(packed), len(packed) + 100, "zstd")

    with pytest.raises(BadRelease, match="unpacks to more than"):
        unpack(said, packed)


def test_frames_behind_one_another_count_together() -> None:
    frame = zstandard.ZstdCompressor().compress(bytes(1000))
    packed = frame * 50
    said = Blob(hashlib.sha256(packed).hexdigest(), len(packed), 1000, "zstd")

    with pytest.raises(BadRelease, match="unpacks to more than"):
        unpack(said, packed)


def test_a_window_that_takes_too_much_memory_is_refused() -> None:
    params = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=params).compressobj()
    packed = packer.compress(bytes(1_000_000)) + packer.flush()
    said = Blob(hashlib.sha256(packed).hexdigest(), len(packed), 1_000_000, "zstd")

    with pytest.raises(BadRelease, match="cannot be unpacked"):
        unpack(said, packed)


@pytest.mark.parametrize(
    "spoil", ["truncated", "flipped", "longer", "less inside", "not zstd", "beyond the caps"]
)
def test_other_bytes_than_named_are_refused(spoil: str) -> None:
    blob, stored = squeeze(b"price 1.99 " * 100)
    caps = Caps()
    if spoil == "truncated":
        stored = stored[:-1]
    elif spoil == "flipped":
        stored = bytes([stored[0] ^ 1]) + stored[1:]
    elif spoil == "longer":
        stored += b"x"
    elif spoil == "less inside":
        blob = Blob(blob.sha256, blob.size, blob.raw + 1, "zstd")
    elif spoil == "not zstd":
        stored = b"not zstd at all"
        blob = Blob(hashlib.sha256(stored).hexdigest(), len(stored), 1100, "zstd")
    else:
        caps = Caps(blob=100)

    with pytest.raises(BadRelease, match=f"blob {blob.sha256[:12]}"):
        unpack(blob, stored, caps)


def test_a_cut_frame_is_refused() -> None:
    _, whole = squeeze(bytes(range(256)) * 100)
    cut = whole[: len(whole) // 2]
    blob = Blob(hashlib.sha256(cut).hexdigest(), len(cut), 25_600, "zstd")

    with pytest.raises(BadRelease, match=r"cannot be unpacked|unpacks to \d+ bytes"):
        unpack(blob, cut)


def test_nothing_is_packed_that_no_kiosk_would_take(tmp_path: Path) -> None:
    picture = tmp_path / "x.webp"
    picture.write_bytes(b"x" * 100)

    with pytest.raises(BadRelease, match=r"'parts/../x': leads out"):
        pack({"../x": b""}, {}, header(), tmp_path)
    with pytest.raises(BadRelease, match=r"'videos/x.mp4': expected it in"):
        pack({}, {"videos/x.mp4": picture}, header(), tmp_path)
    with pytest.raises(BadRelease, match="'parts/a': given twice"):
        pack({"a": b""}, {"parts/a": picture}, header(), tmp_path)
    with pytest.raises(BadRelease, match=r"'pictures/x.webp': 100 bytes, expected at most 99"):
        pack({}, {"pictures/x.webp": picture}, header(), tmp_path, caps=Caps(blob=99))
    with pytest.raises(BadRelease, match="files number 2, expected at most 1"):
        pack({"a": b"", "b": b""}, {}, header(), tmp_path, caps=Caps(files=1))
    with pytest.raises(FileNotFoundError):
        pack({}, {"pictures/none.webp": tmp_path / "none.webp"}, header(), tmp_path)
    assert {name for name in blobs_in(tmp_path) if not name.endswith(PART)} == set()
