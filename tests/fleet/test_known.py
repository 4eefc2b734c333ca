"""Which numbers of a stream are known: as a set would have it, in two numbers where nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.known import Known, Stream, locked, save
from fleet.store import Store

STREAM: Stream = ("t/s/k1", "e1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield opened
    opened.close()


def members(known: Known, most: int = 60) -> set[int]:
    return {seq for seq in range(1, most + 1) if seq in known}


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 6))))
def test_it_knows_what_a_set_would(taken: list[tuple[int, int]]) -> None:
    known, model = Known(), set[int]()
    for seq, back in taken:
        new = seq not in model
        assert known.take(seq, max(1, seq - back)) == new
        if new:
            model |= set(range(max(1, seq - back), seq + 1))
        assert members(known) == model
        ends = [known.upto, *(edge for island in known.islands for edge in island)]
        assert ends == sorted(ends)
        assert all(first > end + 1 for end, (first, _) in zip(ends[0::2], known.islands, strict=False))
        assert known.highest == max(model, default=0)
        holes = {seq for first, last in known.missing() for seq in range(first, last + 1)}
        assert holes == set(range(1, known.highest + 1)) - model


@given(st.lists(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 4)), max_size=8), max_size=6))
def test_what_is_written_down_is_what_was_known(turns: list[list[tuple[int, int]]]) -> None:
    upto, rows = 0, dict[int, int]()
    for turn in turns:
        known = Known(upto, rows.items())
        for seq, back in turn:
            known.take(seq, max(1, seq - back))
        gone, new = known.difference()
        for first in gone:
            del rows[first]
        for first, last in new:
            assert first not in rows, "its primary key would be there twice"
            rows[first] = last
        upto = known.upto
        assert sorted(rows.items()) == known.islands


def test_it_is_remembered_with_its_holes(store: Store) -> None:
    for numbers in ((1, 2, 5), (9, 8), (4, 12), (3,)):
        with store.write() as connection:
            known = locked(store, connection, [STREAM])
            assert all(known[STREAM].take(seq) for seq in numbers)
            save(connection, known)
    with store.write() as connection:
        found = locked(store, connection, [STREAM])[STREAM]
    assert (found.upto, found.islands, found.missing()) == (5, [(8, 9), (12, 12)], [(6, 7), (10, 11)])
    assert not found.changed
