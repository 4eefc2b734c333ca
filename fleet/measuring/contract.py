"""What was promised to whom on one kiosk: the playlists of the release it runs, or of the published store."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise

from sqlalchemy import Connection, select

from content.model import Store
from content.schedule import Hours, changes, is_on
from fleet import tables
from fleet.rollouts.model import BadRollout
from fleet.rollouts.repository import Releases


class Promises:
    """`published` is for kiosks no release here is for. What could not be read is in `troubles`."""

    def __init__(self, releases: Releases, published: Store | None) -> None:
        self._releases, self._published = releases, published
        self.troubles: list[str] = []

    def of(self, connection: Connection, kiosks: list[str]) -> dict[str, Store | None]:
        """The stores of kiosks, with the playlists of each alone."""
        runs = tables.running.c
        named = {
            row.kiosk: row.name
            for row in connection.execute(select(runs.kiosk, runs.name).where(runs.kind == "content"))
        }
        tags: dict[str, set[str]] = defaultdict(set)
        tag = tables.kiosk_tags.c
        for kiosk, word in connection.execute(select(tag.kiosk, tag.tag)):
            tags[kiosk].add(word)
        return {kiosk: self._one(kiosk, named.get(kiosk, ""), frozenset(tags[kiosk])) for kiosk in kiosks}

    def _one(self, kiosk: str, name: str, tags: frozenset[str]) -> Store | None:
        try:
            return self._releases.store_of(kiosk, tags, name) or self._published
        except BadRollout as error:
            if str(error) not in self.troubles:
                self.troubles.append(str(error))
            return self._published


class OnTimes:
    """When hours are on within [from_s, to_s): worked out once, asked often. Unix seconds."""

    def __init__(self, hours: Hours | None, from_s: int, to_s: int) -> None:
        edges = [from_s, to_s]
        on = True
        if hours is not None:
            edges = [from_s, *changes(hours, from_s, to_s), to_s]
            on = is_on(hours, from_s)
        self._spans: list[tuple[int, int]] = []
        for since, until in pairwise(edges):
            if on:
                self._spans.append((since, until))
            on = not on
        self._begins = [since for since, _ in self._spans]

    def within(self, from_s: int, to_s: int) -> int:
        """For how many seconds they are on in [from_s, to_s)."""
        total = 0
        for since, until in self._spans[max(0, bisect_right(self._begins, from_s) - 1) :]:
            if since >= to_s:
                break
            total += max(0, min(until, to_s) - max(since, from_s))
        return total
