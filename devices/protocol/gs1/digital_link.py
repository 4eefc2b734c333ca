"""GS1 Digital Link URIs (GS1 Digital Link Standard: URI Syntax 1.6, GS1 General Specifications 2.7): read and written.

    https://HOST/any/stem/01/09506000134352/10/ABC?17=271231&utm=x#y
            stem          key               qualifiers  attributes  (utm is nobody's AI and is ignored)

The key is the right-most one: what stands before it is the stem, whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from devices.protocol.gs1.check import GTIN_LENGTHS, is_digits
from devices.protocol.gs1.elements import Element, Elements, element
from devices.protocol.gs1.errors import BadGs1
from devices.protocol.gs1.table import ENTRIES, MOST_ELEMENTS, Entry, entry_of

LONGEST = 8191  # characters; no carrier holds more
CANONICAL = "https://id.gs1.org"
SCHEMES = (
    "https://",
    "http://",
    "HTTPS://",
    "HTTP://",
)  # not in mixed case: that is plain text to GS1's scanners
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*\Z")
_HOST = re.compile(r"[A-Za-z0-9\-.:\[\]]+\Z")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
CONVENIENCE = {
    "sscc": "00", "gtin": "01", "lot": "10", "ser": "21", "cpv": "22", "gdti": "253", "glnx": "254", "gcn": "255",
    "ginc": "401", "gsin": "402", "gln": "414", "payTo": "415", "party": "417", "uic-ext": "7040", "grai": "8003",
    "giai": "8004", "itip": "8006", "cpid": "8010", "cpsn": "8011", "gmn": "8013", "gsrnp": "8017", "gsrn": "8018",
    "srin": "8019", "refno": "8020",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """`stem`: scheme, host and what of the path comes before the key. `ignored`: query parameters that are no AIs."""

    stem: str
    key: Element
    qualifiers: Elements = ()
    attributes: Elements = ()
    ignored: tuple[str, ...] = ()

    @property
    def elements(self) -> Elements:
        """Key, qualifiers and attributes."""
        return (self.key, *self.qualifiers, *self.attributes)


def looks_like_one(text: str) -> bool:
    """Whether a text has the scheme of a Digital Link."""
    return text.startswith(SCHEMES)


def parse(
    text: str, *, alphas: bool = False, short_gtins: bool = False, unknown: bool = False
) -> DigitalLink:
    """A Digital Link's parts, checked. Raises BadGs1.

    `alphas` takes gtin for 01 and its like, `short_gtins` takes a GTIN-8, -12 or -13 without its zeros (both have left
    the standard and are still printed); `unknown` takes AIs that GS1 has not given out in the query.
    """
    scheme = next((each for each in SCHEMES if text.startswith(each)), "")
    if not scheme:
        raise BadGs1("expected http:// or https://")
    if len(text) > LONGEST or not _URI.match(text):
        raise BadGs1(f"expected at most {LONGEST} characters that a URI may hold")
    address = text.partition("#")[0]
    address, _, query = address.partition("?")
    host, slash, path = address[len(scheme) :].partition("/")
    if not host or not _HOST.match(host):
        raise BadGs1("expected a host")
    if not slash:
        raise BadGs1("expected a path with a key")
    segments = path.split("/")
    at = _key_at(segments, alphas)
    pairs = zip(segments[at::2], segments[at + 1 :: 2], strict=True)
    row = [_element(_ai(name, alphas), unescape(value), short_gtins) for name, value in pairs]
    key, qualifiers = row[0], tuple(row[1:])
    if not _in_order(entry_of(key.ai), [each.ai for each in qualifiers]):
        raise BadGs1(f"expected qualifiers of ({key.ai}) in their order, found {_list(qualifiers)}")
    attributes, ignored = _query(query, short_gtins, unknown)
    link = DigitalLink("/".join([scheme + host, *segments[:at]]), key, qualifiers, attributes, ignored)
    _check_whole(link)
    return link


def _key_at(segments: Sequence[str], alphas: bool) -> int:
    """Where the right-most key stands: AI and value in turn, from the end."""
    for at in range(len(segments) - 2, -1, -2):
        entry = ENTRIES.get(_ai(segments[at], alphas))
        if entry is None:
            break
        if entry.key:
            return at
    raise BadGs1("expected a path that ends with a key, its value and its qualifiers")


def _ai(segment: str, alphas: bool) -> str:
    return CONVENIENCE.get(segment, segment) if alphas else segment


def _element(ai: str, value: str, short_gtins: bool, unknown: bool = False) -> Element:
    if short_gtins and ai == "01" and len(value) in GTIN_LENGTHS and is_digits(value):
        value = value.rjust(14, "0")
    return element(ai, value, unknown)


def unescape(text: str, plus: bool = False) -> str:
    """Percent codes as the characters (bytes) they are; what is no whole code stays. NUL is nobody's. Raises BadGs1."""
    if plus:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if "\0" in plain:
        raise BadGs1("expected no NUL")
    return plain


def _query(query: str, short_gtins: bool, unknown: bool) -> tuple[Elements, tuple[str, ...]]:
    attributes: list[Element] = []
    ignored: list[str] = []
    for parameter in query.split("&"):
        name, equals, value = parameter.partition("=")
        if not equals or not is_digits(name):
            if parameter:
                ignored.append(parameter)
            continue
        if len(attributes) == MOST_ELEMENTS:
            raise BadGs1(f"expected at most {MOST_ELEMENTS} elements")
        attributes.append(_element(name, unescape(value, plus=True), short_gtins, unknown))
    return tuple(attributes), tuple(ignored)


def _check_whole(link: DigitalLink) -> None:
    ais = [each.ai for each in link.elements]
    if len(ais) > MOST_ELEMENTS:
        raise BadGs1(f"expected at most {MOST_ELEMENTS} elements")
    if len(set(ais)) < len(ais):
        raise BadGs1("expected each AI once")
    for each in link.attributes:
        _check_attribute(link, each)


def _check_attribute(link: DigitalLink, attribute: Element) -> None:
    """An AI of the query is one that may stand there, and none that belongs into this path."""
    known = ENTRIES.get(attribute.ai)
    if known is None:
        return
    if not known.attribute:
        raise BadGs1("expected in no query", attribute.ai)
    path = {each.ai for each in link.qualifiers}
    if any(path | {attribute.ai} <= set(row) for row in entry_of(link.key.ai).qualifiers):
        raise BadGs1(f"expected in the path behind ({link.key.ai})", attribute.ai)


def _in_order(key: Entry, ais: Sequence[str]) -> bool:
    """Whether qualifiers are some of one row of the key's, in its order, each once."""
    return not ais or any(_is_part(ais, row) for row in key.qualifiers)


def _is_part(part: Sequence[str], whole: Sequence[str]) -> bool:
    rest: Iterator[str] = iter(whole)
    return all(each in rest for each in part)


def _list(elements: Sequence[Element]) -> str:
    return ", ".join(f"({each.ai})" for each in elements)


def of(elements: Sequence[Element], stem: str = CANONICAL) -> DigitalLink:
    """The Digital Link of elements: the first key among them leads, its qualifiers follow in their order, all else is
    attributes, those of pre-defined length first. Repeated elements count once. Raises BadGs1 where there is no such link.
    """
    once = list({each.ai: each for each in reversed(elements)}.values())[::-1]
    key = next((each for each in once if each.ai in ENTRIES and ENTRIES[each.ai].key), None)
    if key is None:
        raise BadGs1("expected a key among the elements")
    there = {each.ai: each for each in once if each is not key}
    rows = ENTRIES[key.ai].qualifiers
    row = next((row for row in rows if not there.keys().isdisjoint(row)), ())
    qualifiers = tuple(there.pop(ai) for ai in row if ai in there)
    attributes = sorted(there.values(), key=lambda each: not entry_of(each.ai, unknown=True).fixed)
    link = DigitalLink(stem.rstrip("/"), key, qualifiers, tuple(attributes))
    _check_whole(link)
    return link


def write(link: DigitalLink) -> str:
    """The address, percent-encoded; what was ignored is left out."""
    path = "".join(f"/{each.ai}/{quote(each.value, safe='')}" for each in (link.key, *link.qualifiers))
    query = "&".join(f"{each.ai}={quote_plus(each.value)}" for each in link.attributes)
    return link.stem + path + (f"?{query}" if query else "")
