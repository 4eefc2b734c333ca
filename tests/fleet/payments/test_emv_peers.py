"""A hundred random codes of the EMV family beside those of every library that is installed, and read by another one.

Drawn is only what the libraries can be asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from fleet.payments.codecs import SCHEMES, emv
from tests.oracles.asking import ask, missing

DIGITS = "0123456789"
CAPITALS = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"


def _amount(chance: random.Random, cents: int = 99) -> str:
    return f"{chance.randint(1, 9_999_999)}.{chance.randint(1, cents):02}"


def _word(chance: random.Random, longest: int, letters: str = CAPITALS) -> str:
    return "".join(chance.choice(letters) for _ in range(chance.randint(1, longest)))


def _pix(chance: random.Random) -> dict[str, Any]:
    return {
        "key": f"{_word(chance, 20).lower()}@loja.example",
        "name": _word(chance, 25),
        "city": _word(chance, 15),
        "amount": _amount(chance),
        "txid": _word(chance, 25),
    }


def _location(chance: random.Random) -> dict[str, Any]:
    return {
        "url": f"pix.example.com/{_word(chance, 61)}",
        "name": _word(chance, 25),
        "city": _word(chance, 15),
    }


def _anyid(chance: random.Random) -> dict[str, Any]:
    target = chance.choice([f"0{chance.randint(10**8, 10**9 - 1)}", str(chance.randint(10**12, 10**13 - 1))])
    return {"target": target, "amount": _amount(chance)}


def _bill(chance: random.Random) -> dict[str, Any]:
    biller, refs = _word(chance, 1, DIGITS) * 15, {f"ref{n}": _word(chance, 20) for n in (1, 2, 3)}
    return {"biller_id": biller, "amount": _amount(chance), **refs}


def _paynow(chance: random.Random) -> dict[str, Any]:
    cents = chance.choice([digit for digit in range(1, 100) if digit % 10])  # paynowqr drops a last zero
    return {
        "uen": f"{chance.randint(10**8, 10**9 - 1)}{chance.choice(CAPITALS[:20])}",
        "amount": f"{chance.randint(1, 199_999)}.{cents:02}",
        "editable": False,
        "expiry": f"20{chance.randint(26, 99)}12{chance.randint(10, 31)}",
        "reference": _word(chance, 25),
        "company": _word(chance, 25),
    }


def _vietqr(chance: random.Random) -> dict[str, Any]:
    account, purpose = _word(chance, 19, DIGITS), _word(chance, 25)
    amount = str(chance.randint(1, 499_999_999))
    return {
        "bin": str(chance.randint(970400, 970499)),
        "account": account,
        "amount": amount,
        "purpose": purpose,
    }


def _khqr(chance: random.Random) -> dict[str, Any]:
    dollars = chance.choice([True, False])
    created = chance.randint(17 * 10**11, 2 * 10**12)
    return {
        "account": f"{_word(chance, 20).lower()}@devb",
        "name": _word(chance, 25),
        "city": _word(chance, 15),
        "merchant": chance.choice([True, False]),
        "account_info": _word(chance, 25),
        "bank": _word(chance, 20),
        "currency": "USD" if dollars else "KHR",
        "amount": f"{chance.randint(1, 9999)}.{chance.randint(1, 99):02}"
        if dollars
        else str(chance.randint(1, 9**9)),
        "bill": _word(chance, 25),
        "store": _word(chance, 25),
        "created": str(created),
        "expires": str(created + chance.randint(1, 10**6)),
    }


def _generic(chance: random.Random) -> dict[str, Any]:
    return {
        "mai_tag": str(chance.randint(26, 51)),
        "guid": _word(chance, 32),
        "sub": {f"{n:02}": _word(chance, 9) for n in range(1, chance.randint(2, 5))},
        "mcc": f"{chance.randint(0, 9999):04}",
        "currency": "978",
        "amount": _amount(chance),
        "country": "FI",
        "name": _word(chance, 25),
        "city": _word(chance, 15),
        "postal": _word(chance, 10),
        "ref": _word(chance, 25),
        "terminal": _word(chance, 25),
    }


BESIDE: list[tuple[str, str, Callable[[random.Random], dict[str, Any]]]] = [
    ("pix-static", "pypi:starkbank-brcode", _pix),
    ("pix-static", "npm:pix-utils", _pix),
    ("pix-dynamic", "pypi:starkbank-brcode", _location),
    ("pix-dynamic", "npm:pix-utils", _location),
    ("promptpay-anyid", "npm:promptpay-qr", _anyid),
    ("promptpay-anyid", "pypi:promptpay", _anyid),
    ("promptpay-bill", "npm:promptparse", _bill),
    ("paynow-uen", "npm:paynowqr", _paynow),
    ("vietqr", "pypi:vietnam-qr-pay", _vietqr),
    ("vietqr", "pypi:napas-qr-python", _vietqr),
    ("vietqr", "npm:vietnam-qr-pay", _vietqr),
    ("vietqr", "pypi:vnqr", _vietqr),
    ("khqr", "npm:ts-khqr", _khqr),
    ("khqr", "npm:bakong-khqr", _khqr),
    ("emvco", "pypi:starkbank-brcode", _generic),
]


@pytest.mark.parametrize(("key", "library", "draw"), BESIDE, ids=[f"{key}-{name}" for key, name, _ in BESIDE])
def test_a_hundred_more_are_written_as_they_write_them(
    key: str, library: str, draw: Callable[[random.Random], dict[str, Any]]
) -> None:
    reason = missing(library)
    if reason:
        pytest.skip(reason)
    chance = random.Random(f"{key} {library}")
    inputs = [draw(chance) for _ in range(100)]
    ours = [SCHEMES[key].build(SCHEMES[key].from_json(given)) for given in inputs]
    assert ask(library, key, inputs) == ours


def test_an_independent_reader_reads_the_same_from_all_of_them() -> None:
    reason = missing("pypi:qriskit")
    if reason:
        pytest.skip(reason)
    chance = random.Random("qriskit")
    payloads = [
        SCHEMES[key].build(SCHEMES[key].from_json(draw(chance))) for key, _, draw in BESIDE for _ in range(10)
    ]
    ours = ["\n".join(f"{path}={leaf.value}" for path, leaf in emv.Code(one).leaves()) for one in payloads]
    assert ask("pypi:qriskit", "emvco", [{"payload": one} for one in payloads]) == ours
