"""A copy is told from a restart by words alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fleet.identity.sessions import RETURNS, WINDOW_MS, Known, Moved, Suspected, heard
from fleet.identity.watch import Watch
from fleet.live import Hub
from fleet.store.store import Store
from mqtt.messages import Presence
from mqtt.topics import Address

NOW = 1_795_000_000_000
K1 = Address("acme", "north", "K1")


def said(session: str, word: int, state: str = "ready", machine: str = "pi-a") -> Presence:
    return Presence(state=state, boot="b", since_ms=1, session=session, epoch="e", machine=machine, word=word)


def verdicts(words: list[Presence], step_ms: int = 1000) -> list[object]:
    found: list[object] = []
    known, now = Known(), NOW
    for word in words:
        known, verdict = heard(known, word, now)
        now += step_ms
        if verdict is not None:
            found.append(verdict)
    return found


def test_two_that_throw_each_other_out_are_found() -> None:
    words = [said("ab"[i % 2], 1 + i // 2) for i in range(2 + RETURNS)]
    (suspected,) = verdicts(words)
    assert isinstance(suspected, Suspected)
    assert {one.session for one in suspected.sessions} == {"a", "b"}
    assert suspected.since_ms == NOW + 2000
    assert verdicts(words[:-1]) == []


def test_also_where_wills_and_goodbyes_come_between() -> None:
    words = []
    for i in range(2 + RETURNS):
        words += [said("ab"[i % 2], 1 + i), said("ab"[(i + 1) % 2], 0, "lost")]
    assert any(isinstance(one, Suspected) for one in verdicts(words))


def test_a_slow_alternation_is_no_copy() -> None:
    """A return now and then over days is a late word now and then."""
    words = [said("ab"[i % 2], 1 + i // 2) for i in range(20)]
    assert verdicts(words, WINDOW_MS) == []


def test_a_card_in_another_board_has_moved_and_is_not_accused() -> None:
    (moved,) = verdicts(
        [said("a", 1), said("a", 2), said("b", 1, machine="pi-b"), said("b", 2, machine="pi-b")]
    )
    assert isinstance(moved, Moved)
    assert [one.machine for one in moved.sessions] == ["pi-a", "pi-b"]
    assert (
        verdicts([said("a", 1), said("b", 1, machine="")]) == []
    )  # a board that does not tell is not another


def test_old_programs_without_sessions_are_left_alone() -> None:
    assert verdicts([structs.replace(said("", 0)) for _ in range(9)]) == []


@given(st.data())
def test_restarts_never_look_like_a_copy(data: st.DataObject) -> None:
    """Each start speaks in its own order; anything may be said again later, and two words may come late."""
    starts = data.draw(st.integers(1, 5), label="starts")
    words = [
        said(f"s{start}", number + 1, data.draw(st.sampled_from(["ready", "selling"])))
        for start in range(starts)
        for number in range(data.draw(st.integers(1, 5), label="words"))
    ]
    for word in data.draw(st.lists(st.sampled_from(words), max_size=6), label="again"):
        words.insert(data.draw(st.integers(words.index(word) + 1, len(words))), word)
    for _ in range(data.draw(st.integers(0, 2), label="late")):
        late = words.pop(data.draw(st.integers(0, len(words) - 1)))
        words.insert(data.draw(st.integers(0, len(words))), late)
    assert [one for one in verdicts(words) if isinstance(one, Suspected)] == []


@given(st.lists(st.sampled_from("ab"), min_size=40, max_size=60))
def test_what_lives_by_turns_is_found_whatever_the_turns(turns: list[str]) -> None:
    words, counts = [], {"a": 0, "b": 0}
    for turn in turns:
        counts[turn] += 1
        words.append(said(turn, counts[turn]))
    changes = sum(1 for one, other in pairwise(turns) if one != other)
    found = any(isinstance(one, Suspected) for one in verdicts(words))
    assert found == (changes >= RETURNS + 1)


def test_what_was_found_stays_until_somebody_has_seen_to_it(tmp_path: Path) -> None:
    store, now = Store(f"sqlite:///{tmp_path / 'fleet.db'}"), [NOW]
    live = Hub()
    watch = Watch(store, live, lambda: now[0])

    def alternate(first: int) -> None:
        for i in range(2 + RETURNS):
            now[0] += 1000
            watch.heard(K1, said("ab"[i % 2], first + i // 2, machine=f"pi-{'ab'[i % 2]}"))

    alternate(1)
    found = {one.what: one for one in watch.open()}
    assert set(found) == {"moved", "suspected"}
    assert {one.machine for one in found["suspected"].sessions} == {"pi-a", "pi-b"}
    alternate(10)
    assert len(watch.open()) == 2  # one row goes on
    again = Watch(store, live, lambda: now[0])
    assert {one.what for one in again.open()} == {"moved", "suspected"}
    for one in watch.open():
        assert watch.clear(str(K1), one.since_ms, "Ana", "swapped the card back")
        assert not watch.clear(str(K1), one.since_ms, "Ana", "twice")
    assert watch.open() == []
    alternate(20)
    assert {one.what for one in watch.open()} == {"moved", "suspected"}


def test_a_kiosk_that_names_another_board_with_every_word_fills_one_row(tmp_path: Path) -> None:
    """It would fill the table, and push every other kiosk off the page."""
    store, now = Store(f"sqlite:///{tmp_path / 'fleet.db'}"), [NOW]
    watch = Watch(store, Hub(), lambda: now[0])
    other = Address("acme", "north", "K2")
    for number, machine in enumerate(("pi-a", "pi-b")):
        watch.heard(other, said(f"k2-{number}", 1, machine=machine))
    for number in range(50):
        now[0] += 10
        watch.heard(K1, said(f"s{number}", 1, machine=f"pi-{number}"))
    assert sorted(one.kiosk for one in watch.open()) == [str(K1), str(other)]
    assert [one.machine for one in watch.open()[0].sessions] == ["pi-48", "pi-49"]
