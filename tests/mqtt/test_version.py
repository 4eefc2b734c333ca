"""Which version of MQTT is spoken next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mqtt.version import Ended, Version, version

ENDS = st.lists(st.sampled_from(Ended), max_size=30)


@given(asked=st.booleans(), ends=ENDS)
def test_what_was_asked_for_stays(asked: bool, ends: list[Ended]) -> None:
    spoken = version(asked)
    for ended in ends:
        assert spoken.after(ended) == spoken


@given(ends=ENDS)
def test_by_itself_it_settles_on_3_1_1_only_when_told_so(ends: list[Ended]) -> None:
    spoken = version(None)
    for ended in ends:
        told = spoken.five and ended is Ended.WRONG_VERSION
        after = spoken.after(ended)
        assert after.fixed == (spoken.fixed or told)
        assert after.five or spoken.five or after.fixed or ended is Ended.UNREACHABLE, (
            "never twice on a guess"
        )
        spoken = after


def test_a_silent_end_is_answered_with_one_try_in_3_1_1() -> None:
    guess = Version().after(Ended.SILENT)
    assert guess == Version(five=False)
    assert guess.after(Ended.UNREACHABLE) == guess, "nothing was learnt"
    assert guess.after(Ended.LOST) == guess.after(Ended.SILENT) == guess.after(Ended.REFUSED) == Version()
