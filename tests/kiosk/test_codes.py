"""What a scanned text means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.links import product_link
from devices.protocol.aim import GS1_CARRIERS
from kiosk.codes.codes import KINDS, Code, examine, read_code
from kiosk.core.browsing import no_use
from kiosk.core.codes import SCANNED

GTIN = "09521100100113"
GCN = "9521100100113" + "42"
GSRN = "340123450000000017"
MEMBER = "952110010011342677"
GS = "\x1d"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9521100100113", Code("gtin", GTIN)),
        (GTIN, Code("gtin", GTIN)),
        (" 9521100100113\r\n", Code("gtin", GTIN)),
        ("96385074", Code("gtin", "00000096385074")),
        ("036000291452", Code("gtin", "00036000291452")),
        ("9812345000000", Code("voucher", code="09812345000000")),  # GS1 prefix of coupons
        ("]E09912345678909", Code("voucher", code="09912345678909")),
        ("]E09801234567892", Code("voucher", code="09801234567892")),  # of refund receipts: a deposit slip
        (
            "2912345004989",
            Code("gtin", "02912345004989"),
        ),  # a shop's own number, with a price in it: not sold here
        ("04252614", Code("gtin", "00042100005264")),  # UPC-E, whose check digit is that of its long form
        ("]E09521100100113", Code("gtin", GTIN)),
        ("]E0036000291452", Code("gtin", "00036000291452")),  # a scanner that leaves UPC-A's zero out
        ("]E3952110010011312", Code("gtin", GTIN)),  # with an add-on of two digits
        ("]I1" + GTIN, Code("gtin", GTIN)),
        (f"]C101{GTIN}", Code("gs1", GTIN)),
        (f"]d201{GTIN}10A{GS}21B", Code("gs1", GTIN)),
        (f"10A{GS}01{GTIN}", Code("gs1", GTIN)),
        (f"(01){GTIN}(17)271231", Code("gs1", GTIN)),
        (f"01{GTIN}17271231", Code("gs1", GTIN)),
        ("]C100340123450000000000", Code("gs1")),  # a carton without a product's number
        (f"https://id.gs1.org/01/{GTIN}", Code("digital-link", GTIN)),
        ("https://id.gs1.org/gtin/9521100100113", Code("digital-link", GTIN)),
        (f"Https://id.gs1.org/01/{GTIN}", Code("digital-link", GTIN)),
        (f"https://shop.example/some/path/01/{GTIN}/10/LOT?17=271231", Code("digital-link", GTIN)),
        (f"https://shop.example/01/{GTIN}/review?777=1", Code("digital-link", GTIN)),  # read all the same
        (f"HTTPS://SHOP.EXAMPLE/K1/17/01/{GTIN}", Code("digital-link", GTIN, 17)),
        (f"https://shop.example/K1/99999999/01/{GTIN}", Code("digital-link", GTIN)),
        (f"HTTPS://SHOP.EXAMPLE/K1/17-0123456789ABCDEF/01/{GTIN}", Code("digital-link", GTIN, 17)),
        (f"https://17/01/{GTIN}", Code("digital-link", GTIN)),
        ("https://shop.example/", Code("url")),
        ("https://shop.example/c/K7Q2-9MXT/more", Code("url")),
        ("HTTPS://SHOP.EXAMPLE/K1/0/B/123456", Code("url")),  # a basket for phones
        (f"]Q3255{GCN}", Code("voucher", code=GCN)),
        (f"https://coupons.example/255/{GCN}", Code("voucher", code=GCN)),
        ("8110050600012345615120101", Code("voucher", code="050600012345615120101")),
        ("]e08112000123451234560123456", Code("voucher", code="000123451234560123456")),
        (f"]Q38018{MEMBER}", Code("member", code=MEMBER)),
        ("tel:+491701234567", Code("member", code="+491701234567")),
        ("+8613800138000", Code("member", code="+8613800138000")),
        (f"(8017){GSRN}(8019)7", Code("badge", code=GSRN)),
        ("K7Q2-9MXT", Code("pickup", code="K7Q2-9MXT")),
        (" k7q2-9mxt\n", Code("pickup", code="K7Q2-9MXT")),
        ("]Q1K7QO-9MXL", Code("pickup", code="K7Q0-9MX1")),
        ("1234-5670", Code("pickup", code="1234-5670")),
        ("12345670", Code("gtin", "00000012345670")),  # without the dash it is what is printed on a pack
        ("K7Q-2M9", Code("basket", code="K7Q-2M9")),
        ("https://shop.example/c/K7Q2-9MXT", Code("pickup", code="K7Q2-9MXT")),
        ("HTTPS://SHOP.EXAMPLE/C/K7Q2-9MXT", Code("pickup", code="K7Q2-9MXT")),
    ],
)
def test_codes(text: str, code: Code) -> None:
    assert read_code(text) == code


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9521100100114", "the check digit does not fit"),
        ("952110010011", "the check digit does not fit"),
        ("٩٥٢١١٠٠١٠٠١١٣", "nothing this kiosk knows"),  # digits, but not those of a barcode
        ("]C10109521100100114", "(01) expected the check digit at the end to fit the other digits"),
        ("(01)09521100100114", "(01) expected the check digit at the end to fit the other digits"),
        ("https://shop.example/01/9521100100114", "a product's link, but (01) expected the check digit"),
        ("K7Q-2MU", "no claim or basket code of ours"),  # U is no letter of Crockford's
        ("K7Q29MXT", "nothing this kiosk knows"),
        ("81100506000123456151201010", "nothing this kiosk knows"),  # a coupon with a digit too many
        ("hello", "nothing this kiosk knows"),
        ("WIFI:S:station;;", "nothing this kiosk knows"),
        ("", "nothing was read"),
        ("]Q3", "nothing was read"),
        ("9" * 5000, "longer than 2048 characters"),
    ],
)
def test_an_unknown_code_says_why(text: str, why: str) -> None:
    code = read_code(text)
    assert code.kind == "unknown"
    assert why in code.why


@pytest.mark.parametrize("aim", sorted(GS1_CARRIERS))
def test_the_identifier_may_come_apart_from_the_text(aim: str) -> None:
    found = examine(f"10A{GS}01{GTIN}", aim)
    assert (found.code, found.aim) == (Code("gs1", GTIN), aim)
    assert [(each.ai, each.value) for each in found.elements] == [("10", "A"), ("01", GTIN)]


def test_what_does_not_follow_the_standard_is_read_and_told() -> None:
    assert examine(f"(01){GTIN}(37)12").problems[0] == "(01) and (37) exclude each other"
    assert "expected" in examine(f"https://shop.example/01/{GTIN}?777=1").problems[0]


def test_a_facings_own_link_reads_back() -> None:
    assert read_code(product_link("https://shop.example:8443", "K1", 312, GTIN)) == Code(
        "digital-link", GTIN, 312
    )


def test_every_kind_leads_somewhere_or_has_its_answer() -> None:
    assert {kind for kind in KINDS if no_use(kind) == "unknown-code"} == SCANNED.keys() | {"unknown"}


@given(st.text())
def test_nothing_anybody_prints_does_harm(text: str) -> None:
    for candidate in (text, "https://" + text, "01" + text, "(01)" + text, "]Q3" + text, "]E3" + text):
        assert read_code(candidate).kind in KINDS
