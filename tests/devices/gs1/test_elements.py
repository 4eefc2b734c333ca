"""Element strings: a carton's label, read as the scanner sends it and as people read it."""

from __future__ import annotations

import pytest

from devices.protocol.gs1 import associations, elements
from devices.protocol.gs1.elements import GS, Element, parse, parse_bracketed, write, write_bracketed
from devices.protocol.gs1.errors import BadGs1

GTIN = "09506000134352"
CHEESE = f"01{GTIN}3103000500" + "17271231" + "10L-7"  # half a kilogram, lot L-7


def test_a_label_is_read_in_both_notations() -> None:
    parts = parse(CHEESE)
    assert parts == parse_bracketed(f"(01){GTIN}(3103)000500(17)271231(10)L-7")
    assert [(each.ai, each.title, each.value) for each in parts] == [
        ("01", "GTIN", GTIN),
        ("3103", "NET WEIGHT (kg)", "000500"),
        ("17", "USE BY or EXPIRY", "271231"),
        ("10", "BATCH/LOT", "L-7"),
    ]
    assert elements.value_of(parts, "02", "01") == GTIN
    assert elements.value_of(parts, "21") == ""


def test_a_separator_stands_behind_values_of_no_fixed_length() -> None:
    parts = (Element("10", "L-7"), Element("01", GTIN), Element("21", "9"), Element("91", "x"))
    assert write(parts) == f"10L-7{GS}01{GTIN}219{GS}91x"
    assert parse(write(parts)) == parts
    assert parse(f"01{GTIN}{GS}219{GS}") == (
        Element("01", GTIN),
        Element("21", "9"),
    )  # more of them do no harm


def test_a_bracket_inside_a_value_is_escaped_and_comes_back() -> None:
    parts = (Element("10", "A(01)B"), Element("90", "("))
    assert write_bracketed(parts) == "(10)A\\(01)B(90)\\("
    assert parse_bracketed(write_bracketed(parts)) == parts


@pytest.mark.parametrize(
    ("text", "ai", "rule"),
    [
        ("", "", "found nothing"),
        (GS, "", "Application Identifier"),
        ("88123", "", "Application Identifier, found '8812'"),
        ("01095060001343", "01", "14 characters, found 12"),
        ("0109506000134353", "01", "check digit"),
        ("01A9506000134352", "01", "digits"),
        ("10", "10", "a value"),
        (f"10{'A' * 21}", "10", "at most 20"),
        ("10a^b", "10", "CSET 82"),
        ("8010950600_", "8010", "CSET 39"),
        ("8030abc=", "8030", "padding"),
        ("17271301", "17", "month"),
        ("15230229", "15", "a day from 00 to 28"),
        ("422999", "422", "ISO 3166-1"),
        ("3912999x", "3912", "digits"),
        ("8007DE91100000000123456788", "8007", "IBAN"),
        ("7040195=", "7040", "one of"),
        ("99x" + GS + "99x" + f"{GS}99x" * 63, "", "at most 64"),
    ],
)
def test_what_is_wrong_is_said_with_its_ai(text: str, ai: str, rule: str) -> None:
    with pytest.raises(BadGs1) as caught:
        parse(text)
    assert caught.value.ai == ai
    assert rule in caught.value.rule


@pytest.mark.parametrize(
    "text", ["", "01", "(01", "()1", "(1)2", "(01)", "x(01)1", "(12345)1", "(10)a(90)", "(10)a\\b"]
)
def test_what_is_no_bracketed_string_is_refused(text: str) -> None:
    with pytest.raises(BadGs1):
        parse_bracketed(text)


def test_sixty_four_elements_are_read() -> None:
    assert len(parse(GS.join(["99x"] * 64))) == 64
    assert len(parse_bracketed("(99)x" * 64)) == 64
    with pytest.raises(BadGs1, match="at most 64"):
        parse_bracketed("(99)x" * 65)


def test_an_ai_nobody_has_given_out_is_read_on_request() -> None:
    assert parse_bracketed("(89)any thing"[:-6], unknown=True) == (Element("89", "any"),)
    with pytest.raises(BadGs1, match="Application Identifier"):
        parse_bracketed("(89)any")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"(01){GTIN}(10)A", ""),
        (f"(01){GTIN}(01){GTIN}", ""),
        ("(10)A(10)B", "(10) is there with two values"),
        (f"(01){GTIN}(37)12", "(01) and (37) exclude each other"),
        ("(10)A", "(10) needs (01) or (02) or (03) or (8006) or (8026) beside it"),
        (f"(01){GTIN}(7004)123", "(7004) needs (01) with (10) or (03) with (10) beside it"),
        (f"(01){GTIN}(3922)299(3103)000500", ""),
        ("(8030)abc(8003)04006381333931", "(8003) needs its serial part beside (8030)"),
    ],
)
def test_what_must_stand_together_is_told(text: str, problem: str) -> None:
    found = associations.problems(parse_bracketed(text))
    assert problem in found if problem else found == []
