"""The phone pages' words: gettext catalogues in `locale/<language>/LC_MESSAGES/*.po`, keyed by name ("product.saved").

A test proves that every language has every key, once, and that each fills in the same values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from content.model import Measure, Texts, text_in
from content.money import Money, exponent
from content.pricing import measure_text

LOCALE: Final = Path(__file__).parent / "locale"
LANGUAGES: Final = {
    "en": "English",
    "zh": "中文",
    "ar": "العربية",
    "de": "Deutsch",
}  # as their speakers write them
_RIGHT_TO_LEFT: Final = frozenset({"ar"})


class Words:
    """One language of LANGUAGES: its words, and how it writes money and numbers (digits are European, as on the till)."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
        self._locale = Locale.parse(language)
        self._words: dict[str, str] = {}
        for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
            with path.open("rb") as file:
                self._words |= {str(entry.id): str(entry.string) for entry in read_po(file, locale=language)}
        self._countries: dict[str, str] = dict(self._locale.territories)

    def __call__(self, key: str, *values: object) -> str:
        """The words of `key` with {0}, {1} filled in. Raises KeyError where there are none."""
        found = self._words[key]
        return found.format(*values) if values else found

    def text(self, texts: Texts) -> str:
        """What the operator wrote, in this language or the nearest there is."""
        return text_in(texts, self.language)

    def money(self, amount: Money) -> str:
        """An amount as this language's readers write it."""
        return _money(self._locale, amount.minor, amount.currency)

    def number(self, thousandths: int) -> str:
        """A number given in thousandths."""
        return _number(self._locale, thousandths)

    def measure(self, measure: Measure | None) -> str:
        """A measure as it stands on a label; pieces ("ct") by this language's word for them, "" for None."""
        text = measure_text(measure)
        return f"{text.removesuffix('ct')}{self('unit.ct')}" if measure and measure.unit == "ct" else text

    def per(self, measure: Measure) -> str:
        """What a unit price is given for, without a needless one: "kg" for "1 kg", "100 g"."""
        return self.measure(measure).removeprefix("1 ")

    def apart(self, text: str) -> str:
        """A measure or number kept in its own order inside right-to-left words (Unicode's first strong isolate)."""
        return f"\u2068{text}\u2069" if self.direction == "rtl" else text

    def country(self, code: str) -> str:
        """The name of a country (ISO 3166-1 alpha-2)."""
        return self._countries.get(code, code)


def _money(locale: Locale, minor: int, currency: str) -> str:
    """As Babel writes it, which takes 60 us; the price of a pack between what stands before and behind takes 1."""
    frame = _frame(locale, currency) if minor >= 0 else None
    places = exponent(currency)
    if frame is None or minor >= 1000 * 10**places:
        return _by_babel(locale, minor, currency)
    before, point, behind = frame
    whole, rest = divmod(minor, 10**places)
    return f"{before}{whole}{point}{rest:0{places}}{behind}" if places else f"{before}{whole}{behind}"


@cache
def _frame(locale: Locale, currency: str) -> tuple[str, str, str] | None:
    """What Babel writes before, between and behind the digits of an amount below a thousand; None where it rounds."""
    places = exponent(currency)
    written = _by_babel(locale, int("1" + "2" * places), currency)
    point = r"(\D+)" if places else "()"
    found = re.fullmatch(rf"(\D*)1{point}{'2' * places}(\D*)", written)
    return (found[1], found[2], found[3]) if found else None


@lru_cache(maxsize=4096)
def _by_babel(locale: Locale, minor: int, currency: str) -> str:
    decimal = Decimal(Money(minor, currency).decimal())
    return str(format_currency(decimal, currency, locale=locale, numbering_system="latn"))


@lru_cache(maxsize=4096)
def _number(locale: Locale, thousandths: int) -> str:
    return str(format_decimal(Decimal(thousandths) / 1000, locale=locale, numbering_system="latn"))


@cache
def words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language)


@lru_cache(maxsize=1024)
def chosen(wish: str, accept_language: str) -> Words:
    """The words for a reader: the language they picked, else the first they accept that we have, else English.

    `accept_language` as in RFC 9110 12.5.4: "de-AT,de;q=0.9,en;q=0.7"; nonsense in it is passed over.
    """
    tags = [wish, *_by_weight(accept_language)]
    return words(next((base for tag in tags if (base := tag.lower().split("-")[0]) in LANGUAGES), "en"))


def _by_weight(accept_language: str) -> Sequence[str]:
    weighted: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]
