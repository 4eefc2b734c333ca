"""What a scanned text means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.links import product_link
from kiosk.codes import UNKNOWN, Code, read_code

GTIN = "09521100100113"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9521100100113", Code("gtin", GTIN)),
        (GTIN, Code("gtin", GTIN)),
        (" 9521100100113\r\n", Code("gtin", GTIN)),
        ("96385074", Code("gtin", "00000096385074")),
        ("036000291452", Code("gtin", "00036000291452")),
        ("9521100100114", UNKNOWN),  # wrong check digit
        ("952110010011", UNKNOWN),
        ("٩٥٢١١٠٠١٠٠١١٣", UNKNOWN),  # digits, but not those of a barcode
        (f"]C101{GTIN}", Code("gtin", GTIN)),
        (f"(01){GTIN}(17)271231", Code("gtin", GTIN)),
        (f"01{GTIN}17271231", Code("gtin", GTIN)),
        (f"https://id.gs1.org/01/{GTIN}", Code("digital-link", GTIN)),
        (f"https://shop.example/some/path/01/{GTIN}/10/LOT?17=271231", Code("digital-link", GTIN)),
        (f"HTTPS://SHOP.EXAMPLE/K1/17/01/{GTIN}", Code("digital-link", GTIN, 17)),
        (f"https://shop.example/K1/99999999/01/{GTIN}", Code("digital-link", GTIN)),
        (f"HTTPS://SHOP.EXAMPLE/K1/17-0123456789ABCDEF/01/{GTIN}", Code("digital-link", GTIN, 17)),
        ("https://shop.example/01/9521100100114", UNKNOWN),
        ("https://shop.example/", UNKNOWN),
        ("https://[", UNKNOWN),
        ("hello", UNKNOWN),
        ("K7Q2-9MXT", Code("claim", code="K7Q2-9MXT")),
        (" k7q2-9mxt\n", Code("claim", code="K7Q2-9MXT")),
        ("K7QO-9MXL", Code("claim", code="K7Q0-9MX1")),
        ("1234-5670", Code("claim", code="1234-5670")),
        ("12345670", Code("gtin", "00000012345670")),  # without the dash it is what is printed on a pack
        ("K7Q29MXT", UNKNOWN),
        ("K7Q-2M9", Code("basket", code="K7Q-2M9")),
        ("K7Q-2MU", UNKNOWN),  # U is no letter of Crockford's
        ("https://shop.example/c/K7Q2-9MXT", Code("claim", code="K7Q2-9MXT")),
        ("HTTPS://SHOP.EXAMPLE/C/K7Q2-9MXT", Code("claim", code="K7Q2-9MXT")),
        ("https://shop.example/c/K7Q2-9MXT/more", UNKNOWN),
        ("", UNKNOWN),
        ("9" * 5000, UNKNOWN),
    ],
)
def test_codes(text: str, code: Code) -> None:
    assert read_code(text) == code


def test_a_facings_own_link_reads_back() -> None:
    assert read_code(product_link("https://shop.example:8443", "K1", 312, GTIN)) == Code(
        "digital-link", GTIN, 312
    )


@given(st.text())
def test_nothing_anybody_prints_does_harm(text: str) -> None:
    for candidate in (text, "https://" + text, "01" + text):
        assert read_code(candidate).kind in {"gtin", "digital-link", "claim", "basket", "unknown"}
