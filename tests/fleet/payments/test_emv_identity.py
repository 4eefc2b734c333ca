"""Whatever is written is read again, for every code of the EMV family; and beside other libraries, many at a time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.payments.codecs import SCHEMES, decode, emv
from tests.oracles.asking import ask, missing

DIGITS = "0123456789"
CAPITALS = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"


def printable(longest: int, shortest: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.characters(categories=("L", "N", "P", "S")), min_size=shortest, max_size=longest)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=count, max_size=count)


def amounts(decimals: int = 2) -> st.SearchStrategy[str | None]:
    whole = st.integers(1, emv.MOST_CENTS)
    return st.none() | whole.map(lambda minor: f"{minor // 100}.{minor % 100:02}" if decimals else str(minor))


def fields(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(strategies)


IN_SIXTY_TWO = ("bill", "store", "ref", "customer", "terminal", "purpose", "rrn")
WRITTEN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "pix-dynamic": fields(
        url=st.text("abcxyz0189/-", min_size=1, max_size=60).map(lambda path: f"pix.example.com/{path}"),
        name=printable(25, 1),
        city=printable(15, 1),
        txid=st.text(CAPITALS + "abc", max_size=25),
    ),
    "promptpay-anyid": fields(
        target=st.from_regex("0[1-9][0-9]{8}", fullmatch=True, alphabet=DIGITS) | digits(13) | digits(15),
        amount=amounts(),
    ),
    "promptpay-bill": fields(
        biller_id=digits(15),
        ref1=st.text(CAPITALS, min_size=1, max_size=20),
        ref2=st.text(CAPITALS, max_size=20),
        ref3=printable(25),
        amount=amounts(),
    ),
    "vietqr": fields(
        bin=digits(6),
        account=st.text(CAPITALS, min_size=1, max_size=19),
        amount=amounts(0),
        purpose=printable(25),
    ),
    "duitnow": fields(
        acquirer=digits(6),
        merchant_id=st.text(CAPITALS, min_size=1, max_size=28),
        name=printable(25, 1),
        city=printable(15, 1),
        amount=amounts(),
        mcc=digits(4),
        postal=st.just("") | digits(5),
        initiation=st.just(""),
        integrity=printable(99),
    ).flatmap(
        lambda found: st.dictionaries(st.sampled_from(IN_SIXTY_TWO), printable(20), max_size=3).map(found.__or__)
    ),
    "emvco": fields(
        guid=st.text(CAPITALS, min_size=1, max_size=32),
        sub=st.dictionaries(st.integers(1, 99).map(lambda tag: f"{tag:02}"), printable(8, 1), max_size=3),
        mai_tag=st.integers(26, 51).map(str),
        mcc=digits(4),
        currency=digits(3),
        amount=st.none() | st.integers(1, 10**13 - 1).map(str),
        country=st.text("ABCXYZ", min_size=2, max_size=2),
        name=printable(25, 1),
        city=printable(15, 1),
        postal=printable(10),
        bill=printable(25),
        ref=printable(25),
        terminal=printable(25),
        initiation=st.sampled_from(["", "-"]),
        more=st.dictionaries(st.sampled_from(["55", "64.00", "65", "80.00", "99.07"]), printable(2, 1)),
    ),
}  # fmt: skip


@st.composite
def paynow(draw: st.DrawFn) -> dict[str, Any]:
    amount = draw(amounts())
    when = draw(st.none() | st.datetimes())
    form = draw(st.sampled_from(["%Y%m%d", "%Y%m%d%H%M%S"]))
    return {
        "uen": draw(st.text(CAPITALS, min_size=9, max_size=13)),
        "amount": amount,
        "editable": amount is not None and draw(st.booleans()),
        "expiry": when.strftime(form).zfill(len(when.strftime(form))) if when and when.year > 999 else "",
        "reference": draw(printable(25)),
        "company": draw(printable(25).filter(lambda name: name != "NA")),
    }


@st.composite
def bakong(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(["KHR", "USD"]))
    created = draw(st.integers(10**12, 2 * 10**12))
    return {
        "account": draw(st.text("abc019_", min_size=1, max_size=20)) + "@bank",
        "name": draw(printable(25, 1)),
        "city": draw(printable(15, 1)),
        "merchant": draw(st.booleans()),
        "account_info": draw(printable(32)),
        "bank": draw(printable(22)),
        "currency": currency,
        "amount": draw(amounts(0 if currency == "KHR" else 2)),
        "mcc": draw(digits(4)),
        "bill": draw(printable(25)),
        "store": draw(printable(25)),
        "terminal": draw(printable(25)),
        "language": draw(st.sampled_from(["", "km", "ZH"])),
        "name_local": draw(printable(25)),
        "created": str(created),
        "expires": str(created + draw(st.integers(0, 10**9))),
    }


WRITTEN |= {"paynow-uen": paynow(), "khqr": bakong()}


@pytest.mark.parametrize("key", sorted(WRITTEN))
@given(data=st.data())
def test_what_is_written_is_read(key: str, data: st.DataObject) -> None:
    scheme = SCHEMES[key]
    written = scheme.from_json(data.draw(WRITTEN[key]))
    payload = scheme.build(written)
    assert scheme.parse(payload) == written
    assert scheme.tolerated(payload) == []
    if key != "emvco":
        assert decode(payload) == (scheme, scheme.to_json(written))


# Beside them, a hundred at a time: what each draws is what its library can be asked for.


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
