"""The phone pages' words: gettext catalogues in `locale/<language>/LC_MESSAGES/phone.po`, keyed by name ("product.pay").

Babel reads the .po, the standard library looks up. A test proves that every language has every key.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from content.model import Texts, text_in
from content.money import Money

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
        with (LOCALE / language / "LC_MESSAGES" / "phone.po").open("rb") as file:
            catalogue = read_po(file, locale=language)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        self._words = GNUTranslations(compiled)

    def __call__(self, key: str, *values: object) -> str:
        """The words of `key` with {0}, {1} filled in. Raises KeyError where there are none."""
        found = self._words.gettext(key)
        if found == key:
            raise KeyError(key)
        return found.format(*values)

    def text(self, texts: Texts) -> str:
        """What the operator wrote, in this language or the nearest there is."""
        return text_in(texts, self.language)

    def money(self, amount: Money) -> str:
        """An amount as this language's readers write it."""
        written = format_currency(
            Decimal(amount.decimal()), amount.currency, locale=self._locale, numbering_system="latn"
        )
        return str(written)

    def number(self, thousandths: int) -> str:
        """A number given in thousandths."""
        written = format_decimal(Decimal(thousandths) / 1000, locale=self._locale, numbering_system="latn")
        return str(written)

    def apart(self, text: str) -> str:
        """A measure or number kept in its own order inside right-to-left words (Unicode's first strong isolate)."""
        return f"\u2068{text}\u2069" if self.direction == "rtl" else text

    def country(self, code: str) -> str:
        """The name of a country (ISO 3166-1 alpha-2)."""
        return str(self._locale.territories.get(code, code))


@cache
def words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language)


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
