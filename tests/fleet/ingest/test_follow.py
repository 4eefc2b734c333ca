"""Pages of one process hear of what others commit, however long a commit takes after its events came."""

from __future__ import annotations

from fleet.ingest.follow import LATE_MS, LOOKED_AT, MOST, Follower
from fleet.live import Hub, Item
from fleet.store.store import Store
from tests.fleet.ingest.streams import CAME, of
from tests.fleet.samples import event


class Pages:
    """A follower, at whatever time a test says, and what it told."""

    def __init__(self, store: Store) -> None:
        self.now, self.told = CAME, list[Item]()
        live = Hub()
        live.listen(self.told.append)
        self._follower = Follower(store, live, lambda: self.now)
        self._since = CAME

    def look(self) -> list[int | str]:
        """One look: the numbers told, and "missed" where that was said."""
        self.told.clear()
        self._since = self._follower.look(self._since)
        return [item.data["event"]["seq"] if item.name == "event" else item.name for item in self.told]


def test_an_event_that_is_committed_long_after_it_came_is_told_once(store: Store) -> None:
    """Another worker held its stream, or the disk was slow; what came after it was committed and told before it."""
    pages = Pages(store)
    store.commit([of(event(2), came=CAME + 20_000)])
    pages.now = CAME + 21_000
    assert pages.look() == [2]
    pages.now = CAME + LATE_MS - 1
    store.commit([of(event(1), came=CAME)])
    assert pages.look() == [1]
    assert pages.look() == []
    pages.now += 30_000
    assert pages.look() == []


def test_many_at_once_are_told_in_part_and_pages_ask_anew(store: Store) -> None:
    pages = Pages(store)
    store.commit([of(event(seq, "scan"), came=CAME + seq) for seq in range(1, MOST + 11)])
    assert pages.look() == ["missed", *range(11, MOST + 11)]
    assert pages.look() == [], "what pages asked for anew is not told after it"


def test_where_more_came_than_is_looked_at_pages_are_told_to_ask(store: Store) -> None:
    pages = Pages(store)
    store.commit([of(event(seq, "scan"), came=CAME + seq) for seq in range(1, LOOKED_AT + 1)])
    pages.look()
    store.commit([of(event(LOOKED_AT + 1, "scan"), came=CAME + LOOKED_AT + 1)])
    assert pages.look() == ["missed", LOOKED_AT + 1]
