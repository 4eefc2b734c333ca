"""Which numbers are stored: as a set would have it, in one number where nothing is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.events.marks import Mark, Span, spans_of

RANGES = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 6)))


@given(RANGES)
def test_it_knows_what_a_set_would(taken: list[tuple[int, int]]) -> None:
    mark, model = Mark(), set[int]()
    for at_ms, (last, back) in enumerate(taken):
        first = max(1, last - back)
        assert mark.overlaps(first, last) == bool(model & set(range(first, last + 1)))
        mark.add(first, last, at_ms)
        model |= set(range(first, last + 1))
        assert {seq for seq in range(1, 60) if mark.has(seq)} == model
        assert mark.highest == max(model)
        holes = [seq for span in mark.missing() for seq in range(span.first, span.last + 1)]
        assert holes == sorted(set(range(1, mark.highest)) - model)
        edges = [mark.upto, *(edge for span in mark.ahead for edge in span[:2])]
        assert edges == sorted(edges)
        assert all(after - before > 1 for before, after in zip(edges[0::2], edges[1::2], strict=False))


@given(RANGES, RANGES)
def test_a_part_of_its_ranges_answers_for_that_part(
    before: list[tuple[int, int]], now: list[tuple[int, int]]
) -> None:
    """What is loaded is what lies in or next to the numbers of one commit."""
    whole = Mark()
    for last, back in before:
        whole.add(max(1, last - back), last, 0)
    if not now:
        return
    ranges = [(max(1, last - back), last) for last, back in now]
    low, high = min(first for first, _ in ranges), max(last for _, last in ranges)
    near = [span for span in whole.ahead if span.last >= low - 1 and span.first - 1 <= high]
    far = set(whole.ahead) - set(near)
    part = Mark(whole.upto, near)
    for first, last in ranges:
        assert part.overlaps(first, last) == whole.overlaps(first, last)
        part.add(first, last, 0)
        whole.add(first, last, 0)
    assert part.upto == whole.upto
    assert set(part.ahead) | far == set(whole.ahead)


def test_how_long_something_is_missing_is_told_by_what_came_after_it() -> None:
    mark = Mark(3)
    mark.add(8, 9, 1000)
    mark.add(6, 6, 2000)
    mark.add(7, 7, 3000)
    mark.add(20, 20, 4000)
    assert list(mark.missing()) == [Span(4, 5, 1000), Span(10, 19, 4000)]


def test_numbers_in_order_are_ranges() -> None:
    assert list(spans_of([1, 2, 3, 7, 9, 10], 5)) == [Span(1, 3, 5), Span(7, 7, 5), Span(9, 10, 5)]
    assert list(spans_of([], 5)) == []
