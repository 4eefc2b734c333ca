"""The screen's own words: gettext catalogues in `locale/<language>/LC_MESSAGES/endcap.po`, keyed by name ("wall.pay").

Catalogues are read when a language is first spoken (kiosk.ui.po). A key no catalogue has is shown in English, and if it is not there either, as its last part: never blank.
Money is formatted by Babel after CLDR, here and nowhere else.
"""

from __future__ import annotations

import logging
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal

from content.money import Money
from kiosk.ui import po
from kiosk.ui.bidi import is_rtl

LOCALE = Path(__file__).parent / "locale"
_log = logging.getLogger(__name__)


@cache
def _catalogue(tag: str) -> po.Catalogue:
    path = LOCALE / tag.replace("-", "_") / "LC_MESSAGES" / "endcap.po"
    if path.is_file():
        return po.read(path)
    base = tag.split("-")[0]
    return _catalogue(base) if base != tag else po.EMPTY


@cache
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        _log.warning("no CLDR data for language %r: money is written the English way", tag)
        return Locale("en")


@lru_cache(maxsize=4096)
def money(amount: Money, tag: str) -> str:
    """An amount as the language's readers write it: "€12.49", "12,49 €". Digits are European in every language, as on the till."""
    text = format_currency(
        Decimal(amount.decimal()), amount.currency, locale=_locale(tag), numbering_system="latn"
    )
    return str(text)


class Words:
    """One language's words."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.rtl = is_rtl(language)

    def __call__(self, key: str, *args: object, **values: object) -> str:
        """The words of `key` with {0}, {1} and {names} filled in."""
        return _fill(key, self._find(key), args, values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The words of `key` for `n` things ({n}), in the language's plural form (msgid and msgid_plural are both `key`)."""
        return _fill(key, self._find(key, n), (), {"n": n, **values})

    def has(self, key: str) -> bool:
        """Whether this language or English has words for the key."""
        return any(_catalogue(tag).text(key) is not None for tag in (self.language, "en"))

    def money(self, amount: Money) -> str:
        """An amount of money, formatted."""
        return money(amount, self.language)

    def number(self, text: str) -> str:
        """A decimal number written with a point, as the language writes it: "1.5" becomes "1,5" in German."""
        return str(format_decimal(Decimal(text), locale=_locale(self.language), numbering_system="latn"))

    def measure(self, text: str) -> str:
        """A measure as content.pricing writes it ("1.5 kg", "6 ct", "226 kJ") in the language's words; what is none stays."""
        number, _, unit = text.partition(" ")
        try:
            shown = self.number(number)
        except InvalidOperation:
            return text
        if unit == "ct":
            return self.count("unit.ct", int(Decimal(number)))
        return self(f"unit.{unit}", n=shown) if self.has(f"unit.{unit}") else text

    def per(self, text: str) -> str:
        """What a unit price is given for, without a needless one: "kg" for "1 kg", "piece" for "1 ct", "100 g"."""
        number, _, unit = text.partition(" ")
        if number != "1":
            return self.measure(text)
        if unit == "ct":
            return self("unit.ct.each")
        return self(f"unit.{unit}", n="").strip() if self.has(f"unit.{unit}") else unit

    @staticmethod
    def is_liquid(measure: str) -> bool:
        """Whether a measure is a volume."""
        return measure.rpartition(" ")[2] in {"ml", "cl", "l"}

    def country(self, code: str) -> str:
        """A country's name (ISO 3166-1 alpha-2, CLDR); the code itself where it has none."""
        return str(_locale(self.language).territories.get(code, code))

    def _find(self, key: str, n: int = 1) -> str:
        for tag in (self.language, "en"):
            found = _catalogue(tag).text(key, n)
            if found is not None:
                return found
        _log.warning("no words for %r in %s or English", key, self.language)
        return key.rsplit(".", 1)[-1].replace("-", " ")


def _fill(key: str, text: str, args: tuple[object, ...], values: dict[str, object]) -> str:
    try:
        return text.format(*args, **values)
    except (KeyError, IndexError, ValueError):
        _log.warning("the words of %r do not take %r %r: %r", key, args, sorted(values), text)
        return text


@cache
def words(language: str) -> Words:
    """The words of a language (BCP 47)."""
    return Words(language)
