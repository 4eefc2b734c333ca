"""Every language of the phone pages has every word, with the same places to fill in."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel.messages.pofile import read_po
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from content.model import Measure
from content.money import Money
from fleet.web.words import LANGUAGES, LOCALE, chosen, words


def catalogue(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            own = {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}
        assert not set(own) & set(found), f"{path.name} says something twice"
        found |= own
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert set(other) == set(english)
    for key, text in other.items():
        assert text, key
        assert sorted(re.findall(r"{\d}", text)) == sorted(re.findall(r"{\d}", english[key])), key


def test_every_word_the_templates_and_views_say_is_there() -> None:
    english = catalogue("en")
    said = {
        key
        for path in (LOCALE.parent / "templates").glob("phone_*.html")
        for key in re.findall(r'say\(["\']([\w.-]+)["\']\s*[,)]', path.read_text())
    }
    assert said
    assert said <= set(english)
    with pytest.raises(KeyError):
        words("en")("no.such-word")


@pytest.mark.parametrize(
    ("wish", "accept", "language"),
    [
        ("de", "zh", "de"),
        ("", "zh-Hant-TW", "zh"),
        ("fr", "ar-EG,ar;q=0.9", "ar"),
        ("", "en;q=0.1,de;q=0.2", "de"),
        ("", "de;q=0,en", "en"),
        ("", "\x00;q=,,,;;q=9e999", "en"),
    ],
)
def test_the_reader_is_answered_in_a_language_they_read(wish: str, accept: str, language: str) -> None:
    assert chosen(wish, accept).language == language


@given(
    st.integers(-200_000, 3_000_000),
    st.sampled_from(["EUR", "USD", "JPY", "KWD", "CNY", "THB", "AED", "CHF", "IQD", "HUF"]),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_money_is_written_as_babel_writes_it(minor: int, currency: str, language: str) -> None:
    decimal = Decimal(Money(minor, currency).decimal())
    written = format_currency(decimal, currency, locale=language, numbering_system="latn")
    assert words(language).money(Money(minor, currency)) == written


def test_pieces_are_called_so() -> None:
    assert words("en").measure(Measure(6000, "ct")) == "6 pc"
    assert words("zh").measure(Measure(1000, "ct")) == "1 件"
    assert words("de").measure(Measure(500_000, "g")) == "500 g"
    assert words("de").measure(None) == ""
