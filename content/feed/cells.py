"""What one cell says. Each function takes the cell's text, trimmed and not empty, and raises Wrong for what it cannot be.

Formats are those of Google's product data specification where it has the attribute; the others are described in
docs/importing.md. Nothing is guessed: "2,49 EUR" may mean two prices, so it is refused with what was probably meant.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

from babel import Locale, UnknownLocaleError

from content.feed.problems import Wrong
from content.gtin import gtin14
from content.model import Availability, Measure, MultiBuy, New, Offer, TakeForLess
from content.money import Money, exponent
from content.pricing import UNITS, comparable, measure_text

LONGEST_TITLE: Final = 150  # characters; these three are Google's
LONGEST_BRAND: Final = 70
LONGEST_TEXT: Final = 5000
MOST_MINOR: Final = 999_999_999  # 9,999,999.99 EUR

ALLERGENS: Final = (
    "gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard",
    "sesame", "sulphites", "lupin", "molluscs",
)  # EU regulation 1169/2011, annex II  # fmt: skip
NUTRIENTS: Final = (
    "energy_kj", "energy_kcal", "fat", "saturates", "monounsaturates", "polyunsaturates", "carbohydrate",
    "sugars", "polyols", "starch", "fibre", "protein", "salt",
)  # EU regulation 1169/2011, article 30  # fmt: skip
STORAGE: Final = ("ambient", "chilled", "frozen")

_PRICE: Final = re.compile(r"(-?)(\d+)(?:\.(\d+))? +([A-Z]{3})", re.ASCII)
_MEASURE: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))? ?([A-Za-z]+)", re.ASCII)
_NUTRIENT: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,3}))?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_MULTI_BUY: Final = re.compile(r"(\d{1,2})-for:(\d[\d.,]*)", re.ASCII)
_TAKE_PAY: Final = re.compile(r"(\d{1,2})-for-(\d{1,2})", re.ASCII)
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?", re.ASCII)
# Controls, lone surrogates, non-characters, and the signs that turn the writing direction of what follows around.
STRANGE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_SPACES: Final = re.compile(r"[ \t\r\n]+")


def plain(text: str) -> str:
    """The text on one line, without characters that do not belong into a name."""
    if strange := STRANGE.search(text):
        text = _SPACES.sub(" ", text).strip()
        if strange := STRANGE.search(text):
            found = f"U+{ord(strange[0]):04X} at position {strange.start() + 1}"
            raise Wrong(f"text without control characters ({found})")
    return text


def words(text: str, longest: int = LONGEST_TEXT) -> str:
    """A name or a sentence, in Unicode's composed form (NFC)."""
    if len(text) > longest:
        raise Wrong(f"at most {longest} characters; these are {len(text)}")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def title(text: str) -> str:
    """A product's name."""
    return words(text, LONGEST_TITLE)


def brand(text: str) -> str:
    """A brand's name."""
    return words(text, LONGEST_BRAND)


def gtin(text: str) -> str:
    """A GTIN with 14 digits."""
    try:
        return gtin14(text)
    except ValueError as error:
        raise Wrong(str(error)) from error


@lru_cache(4096)
def price(text: str, currency: str, whose: str = "the store's currency") -> Money:
    """A number with a point, a space, and the ISO 4217 code: "2.49 EUR"."""
    match = _PRICE.fullmatch(text)
    if match is None:
        raise Wrong(_price_expected(text, currency))
    sign, whole, fraction, code = match.groups(default="")
    if code != currency:
        known = code in currencies()
        raise Wrong(
            f"{whose}, {currency}" if known else f"a currency of ISO 4217, and the store's: {currency}"
        )
    return Money(_minor(whole, fraction, sign, currency), currency)


def _minor(whole: str, fraction: str, sign: str, currency: str) -> int:
    places = exponent(currency)
    if len(fraction) > places:
        raise Wrong(f"at most {places} decimals for {currency}" if places else f"no decimals for {currency}")
    if len(whole) > len(str(MOST_MINOR)):
        raise Wrong(_too_much(currency))
    minor = int(whole + fraction.ljust(places, "0"))
    if sign or not minor:
        raise Wrong("more than zero")
    if minor > MOST_MINOR:
        raise Wrong(_too_much(currency))
    return minor


def _too_much(currency: str) -> str:
    return f"an amount a shop can mean, at most {Money(MOST_MINOR, currency).decimal()} {currency}"


def _price_expected(text: str, currency: str) -> str:
    """What was probably meant: 2,49 EUR and EUR 2.49 are 2.49 EUR, 1.299,00 is 1299.00."""
    number = re.search(r"\d[\d.,]*", text, re.ASCII)
    if number is None:
        return f"an amount and a currency: {Money(249 * 10 ** max(0, exponent(currency) - 2), currency).decimal()} {currency}"
    digits = number[0].rstrip(".,")[:24]
    whole, mark, fraction = digits, "", ""
    if parts := re.fullmatch(r"(.*)([.,])(\d{1,2})", digits):
        whole, mark, fraction = parts.groups()
    meant = f"{re.sub('[.,]', '', whole)}{'.' if mark else ''}{fraction} {currency}"
    if mark == ",":
        return f"a point before the cents: {meant}"
    return f"an amount and a currency: {meant}"


@cache
def currencies() -> frozenset[str]:
    """The codes of ISO 4217, from CLDR."""
    return frozenset(Locale("en").currencies)


@lru_cache(256)
def period(text: str, zone: tzinfo) -> tuple[int, int]:
    """From, and up to (excluded): two ISO 8601 moments, or two days of `zone`, the last one included, with a "/"."""
    start, slash, end = (part.strip() for part in text.partition("/"))
    if not slash:
        raise Wrong("two ISO 8601 moments with a / between them: 2026-01-01T08:00+0100/2026-01-31T20:00+0100")
    since, until = _moment(start, zone, 0), _moment(end, zone, 1)
    if since >= until:
        raise Wrong("a start before the end")
    return since, until


def _moment(text: str, zone: tzinfo, days_after: int) -> int:
    """Seconds since 1970; a day stands for the midnight with which it begins, or `days_after` that one."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            year = day.year
            moment = datetime(day.year, day.month, day.day, tzinfo=zone)
            moment += timedelta(days=days_after if year < 9000 else 0)
        elif _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text)
            year = moment.year
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        else:
            raise Wrong("two ISO 8601 moments with a / between them: 2026-01-31, or 2026-01-31T20:00+0100")
    except Wrong:
        raise
    except ValueError as error:
        raise Wrong(f"a day that exists: {error}") from error
    if not 1971 <= year < 9000:
        raise Wrong("a year from 1971 to 8999")
    return int(moment.timestamp())


_AVAILABILITY: Final = {
    spelled: item for item in Availability for spelled in (item.value, item.value.replace("_", " "))
}


def availability(text: str) -> Availability:
    """Google's four words, with an underscore or, as it was once, with a space."""
    found = _AVAILABILITY.get(text.lower())
    if found is None:
        raise Wrong("in_stock, out_of_stock, preorder or backorder")
    return found


@lru_cache(1024)
def measure(text: str) -> Measure:
    """A number and a unit: "500 g", "1.5 l"."""
    match = _MEASURE.fullmatch(text)
    unit = match[3].lower() if match else ""
    if match is None or unit not in UNITS:
        raise Wrong(f"a number and one of {', '.join(UNITS)}")
    milli = _milli(match[1], match[2])
    if not milli:
        raise Wrong("more than zero")
    return Measure(milli, unit)


def same_kind(base: Measure, size: Measure) -> Measure:
    """The base, where a unit price can be worked out from the size."""
    if not comparable(base.unit, size.unit):
        raise Wrong(f"a unit of the same kind as {measure_text(size)}")
    return base


_BASES: Final = (Measure(1000, "kg"), Measure(1000, "l"), Measure(1000, "m"), Measure(1000, "sqm"))


def usual_base(size: Measure) -> Measure:
    """What a unit price is given for where the feed does not say: EU directive 98/6/EC has the kilogram, the litre, ..."""
    return next((base for base in _BASES if comparable(base.unit, size.unit)), Measure(1000, size.unit))


def offer(text: str, normal: Money) -> Offer:
    """ "2-for:3.00" (so many together cost so much), "3-for-2" (take, pay) or "new"."""
    if text == "new":
        return New()
    if match := _TAKE_PAY.fullmatch(text):
        take, pay = int(match[1]), int(match[2])
        if not 0 < pay < take:
            raise Wrong("fewer to pay than to take, and one at least")
        return TakeForLess(take, pay)
    match = _MULTI_BUY.fullmatch(text)
    if match is None or int(match[1]) < 2:
        raise Wrong("2-for:3.00, 3-for-2 or new")
    together = price(f"{match[2]} {normal.currency}", normal.currency)
    whole = normal * int(match[1])
    if together >= whole:
        raise Wrong(f"less than {match[1]} at the price, {whole.decimal()} {whole.currency}")
    return MultiBuy(int(match[1]), together)


@lru_cache(1024)
def allergens(text: str) -> tuple[str, ...]:
    """Keys of the EU's list of 14, separated by commas."""
    found = tuple(dict.fromkeys(key.strip().lower() for key in text.split(",") if key.strip()))
    for key in found:
        if key not in ALLERGENS:
            raise Wrong(f"keys of the EU list of 14 ({', '.join(ALLERGENS)}); {key[:40]} is none")
    return found


def nutrition(text: str) -> tuple[tuple[str, int], ...]:
    """ "energy_kj=226;fat=0.1": per 100 g or 100 ml, grams but for the energies; as thousandths."""
    facts: dict[str, int] = {}
    for fact in text.split(";"):
        key, _, amount = fact.partition("=")
        key = key.strip()
        milli = _nutrient(amount)
        if key not in NUTRIENTS:
            raise Wrong(f"key=number with keys of {', '.join(NUTRIENTS)}; {key[:40]!r} is none")
        if milli is None:
            raise Wrong(f"numbers per 100 g or 100 ml; {key} is {amount.strip()[:40]!r}")
        if key in facts:
            raise Wrong(f"each key once; {key} stands there twice")
        facts[key] = milli
    return tuple(facts.items())


@lru_cache(4096)
def _nutrient(text: str) -> int | None:
    match = _NUTRIENT.fullmatch(text.strip())
    return _milli(match[1], match[2]) if match else None


def _milli(whole: str, fraction: str | None) -> int:
    return int(whole) * 1000 + int((fraction or "").ljust(3, "0"))


@cache
def _countries() -> frozenset[str]:
    return frozenset(key for key in map(str, Locale("en").territories) if len(key) == 2 and key.isalpha())


def country(text: str) -> str:
    """A country of ISO 3166-1, two letters."""
    if text.upper() not in _countries():
        raise Wrong("two letters of ISO 3166-1, such as DE")
    return text.upper()


def storage(text: str) -> str:
    """How to keep it."""
    if text not in STORAGE:
        raise Wrong("ambient, chilled or frozen")
    return text


def age(text: str) -> int:
    """Years, "18" or as Google's age restrictions are written elsewhere, "18+"."""
    digits = text.removesuffix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 2):
        raise Wrong("a number of years, such as 18")
    return int(digits)


def picture(text: str) -> str:
    """A file's name, from a name or from the last part of a web address; nothing is ever fetched from there."""
    name = text
    if text.lower().startswith(("http://", "https://")):
        try:
            name = unquote(urlsplit(text).path.rpartition("/")[2], errors="strict")
        except ValueError:
            name = ""
    if not name or name.startswith(".") or set(name) & set("/\\") or STRANGE.search(name) or len(name) > 200:
        raise Wrong(
            "a file inside the picture folder, named without its path, or an address that ends in its name"
        )
    return name


@lru_cache(1024)
def language(tag: str) -> str:
    """A language of BCP 47 as CLDR knows it: language, then script and region where needed, in their usual case."""
    match = _TAG.fullmatch(tag)
    english = Locale("en")
    parts = [part or "" for part in match.groups()] if match else ["", "", ""]
    name, script, region = parts[0].lower(), parts[1].title(), parts[2].upper()
    if (
        name not in english.languages
        or (script and script not in english.scripts)
        or (region and region not in english.territories)
    ):
        raise Wrong("a language of BCP 47, such as en, zh or zh-Hant")
    return "-".join(part for part in (name, script, region) if part)


def own_name(tag: str) -> str:
    """How the speakers of a language write its name, as far as CLDR knows it."""
    try:
        return Locale.parse(tag, sep="-").display_name or tag
    except (ValueError, UnknownLocaleError):
        return tag
