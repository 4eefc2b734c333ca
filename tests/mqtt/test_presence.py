"""A kiosk's word, its last will, and the order in which a broker says them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mqtt.messages import Presence
from mqtt.presence import ENDED, newer

STATES = ("ready", "selling", "lost", "closed")


def word(state: str, session: str = "one", boot: str = "b1") -> Presence:
    return Presence(state=state, boot=boot, since_ms=0, session=session)


def last_of(*words: Presence) -> Presence | None:
    """What holds after they were heard in this order."""
    held: Presence | None = None
    for heard in words:
        held = heard if newer(held, heard) else held
    return held


def test_a_will_that_comes_after_the_kiosk_is_back_changes_nothing() -> None:
    assert last_of(word("selling"), word("ready", "two"), word("lost")) == word("ready", "two")


def test_a_late_goodbye_of_the_program_before_changes_nothing() -> None:
    assert last_of(word("ready", "two"), word("closed", "one")) == word("ready", "two")


def test_a_kiosk_that_dies_is_lost_and_comes_back_under_the_same_name() -> None:
    assert last_of(word("selling"), word("lost")) == word("lost")
    assert last_of(word("selling"), word("lost"), word("selling")) == word("selling"), "only the line was cut"


def test_another_boot_is_another_session_though_neither_has_a_name() -> None:
    """Kiosks of before sessions had names."""
    old, new = word("selling", "", "b1"), word("ready", "", "b2")
    assert last_of(old, new, word("lost", "", "b1")) == new
    assert last_of(old, word("lost", "", "b1")) == word("lost", "", "b1")


def test_the_first_word_holds_whatever_it_is() -> None:
    assert last_of(word("lost", "unheard")) == word("lost", "unheard")


LIVES = st.lists(
    st.lists(st.sampled_from(("ready", "selling")), min_size=1, max_size=4), min_size=1, max_size=6
)


@given(lives=LIVES, data=st.data())
def test_however_late_wills_come_the_living_session_is_shown(
    lives: list[list[str]], data: st.DataObject
) -> None:
    """Each life ends with a will, which the broker says then or any time later; the last one still lives."""
    said: list[Presence] = []
    late: list[Presence] = []
    for number, states in enumerate(lives):
        said += [word(state, f"s{number}") for state in states]
        if number < len(lives) - 1:
            late.append(word("lost", f"s{number}"))
        for _ in range(data.draw(st.integers(0, len(late)))):
            said.append(late.pop(0))
    held = last_of(*said, *late)
    assert held == word(lives[-1][-1], f"s{len(lives) - 1}")
    assert held is not None
    assert held.state not in ENDED
