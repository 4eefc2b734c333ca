"""What several codecs ask of a field: plain text of a length, a decimal amount; and of a payload: its lines."""

from __future__ import annotations

import re

from fleet.payments.codecs.errors import BadPayload

_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,12}))?")


def text(field: str, value: str, longest: int, *, shortest: int = 0, at: int | None = None) -> str:
    """`value` as it is, if it is `shortest` to `longest` characters without control or unpaired surrogate ones."""
    if not shortest <= len(value) <= longest:
        raise BadPayload(field, f"{shortest} to {longest} characters, has {len(value)}", at)
    for index, char in enumerate(value):
        if not char.isprintable():
            raise BadPayload(
                field, f"printable characters only, not {char!r}", None if at is None else at + index
            )
    return value


def minor(field: str, amount: str, places: int, *, most: int, at: int | None = None) -> int:
    """A decimal string such as "3.50" in minor units of `places` decimals, 1 to `most` of them; no sign, no grouping."""
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise BadPayload(field, f'a decimal amount such as "3.50", not {amount!r}', at)
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > places:
        raise BadPayload(field, f"at most {places} decimals, has {len(fraction)}", at)
    value = int(whole + fraction.ljust(places, "0"))
    if not 1 <= value <= most:
        raise BadPayload(field, f"{decimal(1, places)} to {decimal(most, places)}, is {amount}", at)
    return value


def decimal(value: int, places: int) -> str:
    """Minor units as a decimal string with all `places`: 350 is "3.50"."""
    digits = str(value).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def shortest(amount: str) -> str:
    """The same amount without zeros at the end of its decimals: "12.30" is "12.3", "1.00" is "1"."""
    return amount.rstrip("0").rstrip(".") if "." in amount else amount


def lines(payload: str) -> tuple[list[str], list[int]]:
    """The lines of a payload and where each begins; they end in LF, or in CR LF throughout."""
    ending = "\r\n" if "\r\n" in payload else "\n"
    found = payload.split(ending)
    starts = [0]
    for line in found[:-1]:
        starts.append(starts[-1] + len(line) + len(ending))
    return found, starts


def utf8(field: str, payload: str) -> bytes:
    """The payload in UTF-8. Raises BadPayload for an unpaired surrogate."""
    try:
        return payload.encode()
    except UnicodeEncodeError as error:
        raise BadPayload(field, "Unicode text, not half of a surrogate pair", error.start) from None
