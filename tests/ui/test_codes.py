"""Typing a code on the glass: real pixels, real touches; and that nothing of it stays there."""

from __future__ import annotations

import pytest

from content.references import CROCKFORD
from kiosk.ui.screens.code_entry import BASKET, CLAIM, COLUMNS, KEYS, ROWS, CodeEntryScreen, typing
from kiosk.views import (
    AskCode,
    Attract,
    Back,
    CodeEntry,
    CodeResult,
    Done,
    EnterCode,
    Frame,
    PrintReceipt,
    Retry,
    SetLanguage,
)

from .conftest import Glass


def test_the_keys_are_the_letters_codes_are_made_of() -> None:
    assert KEYS == CROCKFORD
    assert len(KEYS) == COLUMNS * ROWS


def test_no_more_is_typed_than_a_code_has() -> None:
    typed = ""
    for char in KEYS:
        typed = typing(typed, f"key-{char}")
    assert typed == KEYS[:CLAIM]
    assert typing(typed, "erase") == KEYS[: CLAIM - 1]
    assert typing(typed, "clear") == ""
    assert typing("", "erase") == ""


def typed_on(glass: Glass) -> str:
    screen = glass.program.stage.screen
    assert isinstance(screen, CodeEntryScreen)
    return screen.typed


def press(glass: Glass, keys: str) -> None:
    for char in keys:
        glass.tap(f"key-{char}")
        glass.settle()


@pytest.mark.ui
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("code", ["K7Q29MXT", "K7Q2M9"])
def test_a_whole_code_can_be_asked_for_and_no_part_of_one(glass: Glass, language: str, code: str) -> None:
    glass.put(CodeEntry(Frame(language)))
    for n, char in enumerate(code, 1):
        press(glass, char)
        assert (glass.node("go").tap is not None) == (n in (BASKET, CLAIM))
    glass.tap("go")
    assert glass.sent(AskCode) == [AskCode(code)]


@pytest.mark.ui
def test_slips_are_taken_back(glass: Glass) -> None:
    glass.put(CodeEntry(Frame("en")))
    press(glass, "K77")
    glass.tap("erase")
    glass.settle()
    assert typed_on(glass) == "K7"
    glass.tap("clear")
    glass.settle()
    assert typed_on(glass) == ""
    assert glass.node("clear").tap is None
    glass.tap("back")
    assert glass.sent(Back) == [Back()]


@pytest.mark.ui
def test_what_was_typed_goes_with_whoever_typed_it(glass: Glass) -> None:
    glass.put(CodeEntry(Frame("en")))
    empty = glass.picture().tobytes()
    press(glass, "K7Q29M")
    assert glass.picture().tobytes() != empty
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.put(CodeEntry(Frame("en")))
    assert typed_on(glass) == ""
    assert glass.picture().tobytes() == empty


@pytest.mark.ui
def test_the_language_can_be_changed_without_losing_what_is_typed(glass: Glass) -> None:
    glass.put(CodeEntry(Frame("en")))
    press(glass, "K7")
    glass.tap("languages")
    glass.settle()
    glass.tap("language-zh")
    assert glass.sent(SetLanguage) == [SetLanguage("zh")]
    glass.put(CodeEntry(Frame("zh")))
    assert typed_on(glass) == "K7"


@pytest.mark.ui
def test_the_ways_on_from_an_answer(glass: Glass) -> None:
    glass.put(CodeResult(Frame("en"), "ready", order="7K2Q", receipt="offer"))
    glass.tap("print")
    glass.tap("done")
    glass.put(CodeResult(Frame("ar"), "offline"))
    glass.tap("retry")
    glass.put(CodeResult(Frame("en"), "of-the-future"))  # a fleet may know states this screen does not
    glass.tap("done")
    assert [type(intent) for intent in glass.room.sent if not hasattr(intent, "x")] == [
        PrintReceipt, Done, Retry, Done,
    ]  # fmt: skip


@pytest.mark.ui
def test_who_comes_with_a_code_need_not_start_to_shop(glass: Glass) -> None:
    glass.put(Attract(Frame("de"), "how-it-works"))
    glass.tap("code")
    assert glass.sent(EnterCode) == [EnterCode()]
