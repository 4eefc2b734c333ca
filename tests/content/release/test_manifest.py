"""A release's pages: what is written is read back; whatever is wrong with them is refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.release.manifest import (
    Activation,
    BadRelease,
    Caps,
    Entry,
    Root,
    cut,
    entries_of,
    is_tenant,
    read_page,
    read_root,
    release_name,
    write_page,
    write_root,
)
from tests.content.release.releases import blob, entry, header, root


def rewritten(page: bytes, change: Any) -> bytes:
    """A page or root page with something changed behind the writer's back."""
    said = msgspec.msgpack.decode(page)
    change(said)
    return msgspec.msgpack.encode(said)


def test_a_root_page_comes_back_as_it_was_written() -> None:
    whole = root(header=header(42, activate=Activation(at=1_800_000_000, window=(1380, 60))))

    assert read_root(write_root(whole)) == whole
    assert whole.header.name == release_name("demo", 42) == "demo-000042"


def test_a_page_comes_back_as_it_was_written() -> None:
    entries = (entry("parts/a.json"), entry("parts/b/c.json"), entry("pictures/0.webp"))

    assert read_page(write_page(entries)) == entries
    assert entries[0].blob.path == f"{entries[0].blob.sha256[:2]}/{entries[0].blob.sha256}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/passwd", "leads out"),
        ("parts/../../x", "leads out"),
        ("..", "leads out"),
        ("metadata/1.root.json", "expected it in parts or pictures"),
        ("parts", "expected FOLDER/NAME"),
        ("parts/.hidden", "expected FOLDER/NAME"),
        ("parts//a", "expected FOLDER/NAME"),
        ("parts/a\\b", "expected FOLDER/NAME"),
        ("parts/a\0", "expected FOLDER/NAME"),
        ("parts/ä", "expected FOLDER/NAME"),
        ("parts/a/b/c/d/e", "expected FOLDER/NAME"),
        ("parts/" + "x" * 101, "expected FOLDER/NAME"),
        ("", "expected FOLDER/NAME"),
        ("parts/a\n", "expected FOLDER/NAME"),
    ],
)
def test_a_file_that_leads_elsewhere_is_refused_by_name(name: str, why: str) -> None:
    with pytest.raises(BadRelease, match=why) as refused:
        read_page(write_page([entry(name)]))

    assert repr(name[:120]) in str(refused.value)


def test_names_out_of_order_or_twice_are_refused() -> None:
    with pytest.raises(BadRelease, match=r"'parts/a'.*after 'parts/b'"):
        read_page(write_page([entry("parts/b"), entry("parts/a")]))
    with pytest.raises(BadRelease, match="'parts/a': listed twice"):
        read_page(write_page([entry("parts/a"), entry("parts/a")]))


def test_pages_are_held_against_each_other_and_against_the_root_page() -> None:
    first, second = (entry("parts/b"),), (entry("parts/a"),)
    held = {blob("1"): write_page(first), blob("2"): write_page(second), blob("0"): write_page(())}

    def read(pages: str, files: int, size: int) -> list[Entry]:
        whole = root(pages=tuple(blob(page) for page in pages), files=files, bytes=size)
        return list(entries_of(whole, held.__getitem__))

    assert read("21", 2, 14) == [*second, *first]
    with pytest.raises(BadRelease, match=r"'parts/a'.*after 'parts/b'"):
        read("12", 2, 14)
    with pytest.raises(BadRelease, match="twice"):
        read("11", 2, 14)
    with pytest.raises(BadRelease, match=r"'parts/b': beyond the 1 files"):
        read("21", 1, 14)
    with pytest.raises(BadRelease, match="list 2 files and 14 bytes, the root page 3"):
        read("21", 3, 14)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said["header"].update(format=2), "format 2, this program reads 1"),
        (lambda said: said["header"].update(tenant="Demo"), "tenant 'Demo'"),
        (lambda said: said["header"].update(tenant="root", name="root-000001"), "tenant 'root'"),
        (
            lambda said: said["header"].update(name="other-000001"),
            "named 'other-000001', expected 'demo-000001'",
        ),
        (lambda said: said["header"].update(number=0, name="demo-000000"), "expected"),
        (lambda said: said["header"].update(made_at=-1), "after 1970"),
        (lambda said: said["header"].update(activate={"window": [60, 60]}), "two different minutes"),
        (lambda said: said["header"].update(activate={"window": [60, 1441]}), "two different minutes"),
        (lambda said: said["header"].update(activate={"at": "soon"}), "not one"),
        (lambda said: said.update(files=10**6), "lists 1000000 files"),
        (lambda said: said.update(files=-1), "lists -1 files"),
        (lambda said: said.update(bytes=1 << 40), "bytes, expected at most"),
        (lambda said: said.update(pages=[[b"x" * 32, 4, 4, ""]] * 3), "3 pages for 1 files"),
        (
            lambda said: said.update(pages=[[b"x" * 31, 4, 4, ""]]),
            "page 0: expected a SHA-256, found 31 bytes",
        ),
        (lambda said: said.update(pages=[[b"x" * 32, 4, 1 << 30, "zstd"]]), "page 0: unpacks to"),
        (lambda said: said.update(pages=[[b"x" * 32, 5, 4, "zstd"]]), "page 0: 5 bytes for 4"),
        (lambda said: said.update(pages=[[b"x" * 32, 3, 4, ""]]), "page 0: 3 bytes for 4"),
        (lambda said: said.update(pages=[[b"x" * 32, 4, 4, "br"]]), "not one"),
        (lambda said: said.pop("header"), "not one"),
    ],
)
def test_a_wrong_root_page_is_refused_with_the_reason(change: Any, why: str) -> None:
    with pytest.raises(BadRelease, match=why):
        read_root(rewritten(write_root(root()), change))


def test_pages_that_are_too_large_are_refused_before_they_are_read() -> None:
    with pytest.raises(BadRelease, match="root page: 2000 bytes, expected at most 1000"):
        read_root(b"x" * 2000, Caps(root=1000))
    with pytest.raises(BadRelease, match="page: 2000 bytes, expected at most 1000"):
        read_page(b"x" * 2000, Caps(page=1000))
    with pytest.raises(BadRelease, match=r"'parts/a': unpacks to 7 bytes"):
        read_page(write_page([entry("parts/a")]), Caps(blob=6))


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_pages_or_bad_releases(data: bytes) -> None:
    for read in (read_root, read_page):
        try:
            read(data)
        except BadRelease:
            continue


@given(st.sets(st.integers(0, 5000), max_size=400), st.integers(0, 5000))
@settings(max_examples=20, deadline=None)
def test_one_more_file_changes_two_pages_at_most(numbers: set[int], more: int) -> None:
    def pages(of: set[int]) -> list[bytes]:
        names = sorted(f"pictures/{number:04x}.webp" for number in of)
        return [write_page(page) for page in cut([entry(name) for name in names])]

    before, after = pages(numbers), pages(numbers | {more})

    assert [each for page in after for each in read_page(page)] == sorted(
        (each for page in after for each in read_page(page)), key=lambda each: each.name
    )
    assert sum(len(read_page(page)) for page in after) == len(numbers | {more})
    assert all(len(read_page(page)) <= 512 for page in after)
    # A cut that lies too near the last one is passed over; the next may then be too, which seldom goes further.
    assert len(set(after) - set(before)) <= 3


def test_an_operator_has_a_name_that_is_no_role_of_tuf() -> None:
    assert all(is_tenant(text) for text in ("demo", "bvg-2", "7"))
    for text in (
        "",
        "Demo",
        "a/b",
        "..",
        "-a",
        "a-",
        "x" * 41,
        "root",
        "targets",
        "software",
        "root-1",
        "targets-2",
    ):
        assert not is_tenant(text), text


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_a_flipped_byte_is_refused_or_makes_another_page_within_the_rules(place: int, flip: int) -> None:
    entries = [entry(f"parts/products/{number:03x}") for number in range(9)]
    for data, read, write in (
        (write_root(root(pages=(blob("a"), blob("b")), files=9)), read_root, write_root),
        (write_page(entries), read_page, write_page),
    ):
        spoilt = bytearray(data)
        spoilt[place % len(data)] ^= flip
        try:
            found: Any = read(bytes(spoilt))
        except BadRelease:
            continue
        assert read(write(found)) == found


def test_what_was_read_is_plain_data() -> None:
    whole: Root = read_root(write_root(root()))

    assert msgspec.json.decode(msgspec.json.encode(whole), type=Root) == whole
