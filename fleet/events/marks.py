"""Which numbers of a stream are stored: the high-water mark, and ranges ahead of it. Pure.

A stream is numbered from 1 without gaps. Everything up to the mark is there; what came early is kept as ranges that
neither overlap nor touch, so that a stream with nothing missing costs one number, and what is missing can be named
without looking at a single event.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Numbers `first` to `last`, both there; `since_ms`: when the earliest of them came."""

    first: int
    last: int
    since_ms: int


def _first(span: Span) -> int:
    return span.first


def _last(span: Span) -> int:
    return span.last


class Mark:
    """What is stored of one stream. `ahead` may be a part of its ranges: answers hold where those that are given, and
    what lies between them, are all there is.
    """

    __slots__ = ("_ahead", "upto")

    def __init__(self, upto: int = 0, ahead: Iterable[Span] = ()) -> None:
        self.upto = upto
        self._ahead = sorted(ahead)

    @property
    def ahead(self) -> tuple[Span, ...]:
        """The ranges beyond the mark, in order."""
        return tuple(self._ahead)

    @property
    def highest(self) -> int:
        """The highest number there is; 0: none."""
        return self._ahead[-1].last if self._ahead else self.upto

    def has(self, seq: int) -> bool:
        """Whether a number is there."""
        return self.overlaps(seq, seq)

    def overlaps(self, first: int, last: int) -> bool:
        """Whether any number of a range is there."""
        if first <= self.upto:
            return True
        at = bisect_right(self._ahead, last, key=_first)
        return at > 0 and self._ahead[at - 1].last >= first

    def add(self, first: int, last: int, at_ms: int) -> None:
        """Numbers `first` to `last` are there now, whether or not some were before."""
        if last <= self.upto:
            return
        if not self._ahead and first <= self.upto + 1:  # the next, as nearly always
            self.upto = last
            return
        begin = bisect_left(self._ahead, first - 1, key=_last)
        end = bisect_right(self._ahead, last + 1, key=_first)
        for span in self._ahead[begin:end]:
            first, last, at_ms = min(first, span.first), max(last, span.last), min(at_ms, span.since_ms)
        if first <= self.upto + 1:
            self.upto = last
            del self._ahead[:end]
        else:
            self._ahead[begin:end] = [Span(first, last, at_ms)]

    def missing(self) -> Iterator[Span]:
        """What is not there though later numbers are; `since_ms`: since when that is known."""
        before = self.upto
        for span in self._ahead:
            yield Span(before + 1, span.first - 1, span.since_ms)
            before = span.last


def spans_of(numbers: Iterable[int], at_ms: int) -> Iterator[Span]:
    """Ascending numbers as ranges."""
    first = last = 0
    for number in numbers:
        if last and number == last + 1:
            last = number
            continue
        if last:
            yield Span(first, last, at_ms)
        first = last = number
    if last:
        yield Span(first, last, at_ms)
