"""Payloads a little wrong: like a mistaken bank's, a scratched symbol's, a forger's. Checksums are made right again more
often than not, so that what stands behind them is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from fleet.payments.codecs import BadPayload, bech32, emv

_ODD = [
    "0", "9", "00", "99", "01", "12", "-", ".", ",", "%", "%0", "%ff", "+", "&", "=", "?", "@", ":", "/", "\n", "\r\n",
    "\r", " ", "\t", "\0", "A", "z", "ü", "ß", "最", "\u0660", "\u2028", "\ud800", "\udc80", "\U0001f600", "RF", "EUR",
    "***", "req-x=1", "1e9", "NaN", "5900", "6304",
]  # fmt: skip


def mutate(text: str, random: Random, seeds: Sequence[str]) -> str:
    """One to four changes of a text, or of one of the seeds."""
    if not text or random.random() < 0.1:
        text = random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 4))):
        text = random.choice(_CHANGES)(text, random, seeds)
    return repaired(text, random) if random.random() < 0.7 else text


def repaired(text: str, random: Random) -> str:
    """With the checksum right that its scheme has, where it has one."""
    if text.startswith("00") and len(text) > 12:
        body = text[:-8] if text[-8:-4] == "6304" else text
        return text if _halved(body) else emv.seal(body)
    start = (
        "lightning:"
        if text.lower().startswith("lightning:")
        else "bitcoin:"
        if text.lower().startswith("bitcoin:")
        else ""
    )
    word, mark, rest = text[len(start) :].partition("?")
    if word.lower().startswith(("lnbc", "bc1")):
        return text[: len(start)] + _rechecked(word, random) + mark + rest
    return text


def _rechecked(word: str, random: Random) -> str:
    prefix, _, data = word.lower().rpartition("1")
    values = [bech32.CHARSET.find(char) for char in data[:-6]]
    if not prefix.isascii() or -1 in values:
        return word
    kind = random.choice((bech32.BECH32, bech32.BECH32, bech32.BECH32M))
    return bech32.write(prefix, values, kind)


def _halved(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _somewhere(text: str, random: Random) -> tuple[int, int]:
    start = random.randrange(len(text) + 1)
    return start, min(len(text), start + random.choice((0, 1, 1, 2, 4, 16)))


def _replace(text: str, random: Random, _: Sequence[str]) -> str:
    start, end = _somewhere(text, random)
    return text[:start] + random.choice(_ODD) * random.choice((1, 1, 1, 30)) + text[end:]


def _cut(text: str, random: Random, _: Sequence[str]) -> str:
    start, end = _somewhere(text, random)
    return text[:start] + text[end:]


def _twice(text: str, random: Random, _: Sequence[str]) -> str:
    start, end = _somewhere(text, random)
    return text[:end] + text[start:]


def _splice(text: str, random: Random, seeds: Sequence[str]) -> str:
    other = random.choice(seeds)
    return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other)) :]


def _case(text: str, random: Random, _: Sequence[str]) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start:].swapcase()


def _number(text: str, random: Random, _: Sequence[str]) -> str:
    digits = [index for index, char in enumerate(text) if char in "0123456789"]
    if not digits:
        return text
    at = random.choice(digits)
    return text[:at] + random.choice("0123456789") + text[at + 1 :]


def _objects(text: str, random: Random, seeds: Sequence[str]) -> str:
    """An EMV code whose objects were changed, with right lengths again."""
    pairs = list(emv.scan(text).items())
    if not text.startswith("00") or not pairs:
        return text
    return _joined(_changed(pairs, random, seeds))


def _changed(pairs: list[tuple[str, str]], random: Random, seeds: Sequence[str]) -> list[tuple[str, str]]:
    at = random.randrange(len(pairs))
    tag, value = pairs[at]
    match random.randrange(6):
        case 0:
            pairs[at] = (f"{random.randrange(100):02}", value)
        case 1:
            pairs[at] = (tag, random.choice(_ODD) * random.choice((0, 1, 8)))
        case 2:
            pairs.insert(random.randrange(1, len(pairs) + 1), (tag, value))
        case 3:
            del pairs[at]
        case 4:
            donor = random.choice([objects for seed in seeds if (objects := list(emv.scan(seed).items()))])
            pairs.insert(max(1, at), random.choice(donor))
        case _:
            inner = list(emv.scan(value).items())
            pairs[at] = (
                tag,
                _joined(_changed(inner, random, seeds)) if inner else _replace(value, random, seeds),
            )
    return pairs


def _joined(pairs: list[tuple[str, str]]) -> str:
    try:
        return emv.write(pairs)
    except BadPayload:  # longer than an object can be
        return "".join(f"{tag}{len(value) % 100:02}{value}" for tag, value in pairs)


def _lines(text: str, random: Random, seeds: Sequence[str]) -> str:
    """A text of lines with one of them changed, moved or taken from another."""
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    at = random.randrange(len(lines))
    donor = random.choice([seed for seed in seeds if "\n" in seed]).splitlines()
    lines[at] = random.choice(
        (random.choice(donor), "", lines[random.randrange(len(lines))], lines[at] + random.choice(_ODD))
    )
    return ending.join(lines)


def _parameters(text: str, random: Random, seeds: Sequence[str]) -> str:
    """A link with one of its parameters changed."""
    start, mark, query = text.partition("?")
    if not mark:
        return text
    pairs = query.split("&")
    at = random.randrange(len(pairs))
    name, _, value = pairs[at].partition("=")
    pairs[at] = random.choice(
        (f"{name}={_replace(value, random, seeds)}", f"{random.choice(_ODD)}={value}", name, pairs[0])
    )
    return start + mark + "&".join(pairs)


Change = Callable[[str, Random, Sequence[str]], str]
_CHANGES: tuple[Change, ...] = (
    _replace, _cut, _twice, _splice, _case, _number, _number, _objects, _objects, _lines, _parameters,
)  # fmt: skip
