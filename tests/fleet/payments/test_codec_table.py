"""The table of schemes: every row states its facts, its example works, and JSON that does not fit is refused by name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, decode, names

ROWS = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))


@ROWS
def test_the_example_works_and_is_found_again(scheme: Scheme) -> None:
    written = scheme.from_json(json.loads(json.dumps(dict(scheme.example))))
    payload = scheme.build(written)
    assert decode(payload) == (scheme, scheme.to_json(scheme.parse(payload)))
    assert scheme.from_json(scheme.to_json(written)) == written
    assert scheme.build(scheme.parse(payload)) == payload
    payload.encode(scheme.charset(written))


@ROWS
def test_every_name_has_its_rule(scheme: Scheme) -> None:
    assert set(scheme.rules) == {path for path, _, _ in names.each(scheme.fields)}


@ROWS
def test_the_facts_are_stated(scheme: Scheme) -> None:
    assert scheme.confirmation in ("push", "poll", "statement", "none")
    assert scheme.confirms
    assert all(re.fullmatch("[A-Z]{3}", currency) for currency in scheme.currencies)
    least, most = scheme.amounts
    assert 1 <= least <= most
    if scheme.reference.field:
        value = scheme.to_json(scheme.parse(scheme.build(scheme.from_json(dict(scheme.example)))))
        for name in scheme.reference.field.split("."):
            value = value[name]
        assert not scheme.reference.pattern or re.fullmatch(scheme.reference.pattern, str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    street: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    amount: str | None = None
    fixed: bool = True
    inner: Inner | None = None


RULES = {"name": "1 to 3 letters", "amount": "decimal string", "inner.street": "where"}


def refused(value: object) -> tuple[str, str]:
    with pytest.raises(BadPayload) as caught:
        names.read(Outer, value, RULES)
    return caught.value.field, caught.value.rule


def test_json_becomes_fields_and_back() -> None:
    value = {"name": "abc", "amount": None, "inner": {"street": "Gasse", "number": "7"}}
    outer = names.read(Outer, value, RULES)
    assert outer == Outer(name="abc", inner=Inner(street="Gasse", number=7))
    assert names.write(outer)["inner"] == {"street": "Gasse", "number": 7}
    assert names.read(Outer, names.write(outer), RULES) == outer


def test_a_name_missing_unknown_or_of_a_wrong_type_is_refused_with_its_rule() -> None:
    assert refused({}) == ("name", "is needed: 1 to 3 letters")
    assert refused({"name": None}) == ("name", "is needed: 1 to 3 letters")
    assert refused({"name": 7}) == ("name", "a string, not the number 7; 1 to 3 letters")
    assert refused({"name": "a", "amount": 3.5}) == ("amount", "a string, not the number 3.5; decimal string")
    assert refused({"name": "a", "fixed": 1})[0] == "fixed"
    assert refused({"name": "a", "nmae": 1}) == ("nmae", "no such name; there are name, amount, fixed, inner")
    assert refused({"name": "a", "inner": "x"}) == ("inner", "a JSON object, not a string")
    assert refused({"name": "a", "inner": {}}) == ("inner.street", "is needed: where")
    assert refused({"name": "a", "inner": {"street": "x", "number": True}})[0] == "inner.number"
    assert refused([]) == ("payload", "a JSON object, not an array")
