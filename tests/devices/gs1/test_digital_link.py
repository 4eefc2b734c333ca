"""GS1 Digital Links: ours, a brand's, and what only looks like one."""

from __future__ import annotations

import pytest

from devices.protocol.gs1.digital_link import CONVENIENCE, of, parse, write
from devices.protocol.gs1.elements import Element, parse_bracketed
from devices.protocol.gs1.errors import BadGs1
from devices.protocol.gs1.table import ENTRIES

GTIN = "09506000134352"


def test_the_link_of_a_facing_keeps_what_stands_before_the_key() -> None:
    link = parse(f"HTTPS://SHOP.EXAMPLE:8443/K1/17-0123456789ABCDEF/01/{GTIN}")
    assert link.stem == "HTTPS://SHOP.EXAMPLE:8443/K1/17-0123456789ABCDEF"
    assert link.elements == (Element("01", GTIN),)


def test_a_brands_link_has_lot_serial_and_expiry() -> None:
    text = f"https://brand.example/x/01/{GTIN}/10/a%2Fb+c/21/7?17=271231&utm_source=y&91=1+%2B#top"
    with pytest.raises(BadGs1, match="CSET 82"):  # a plus sign of the query is a space
        parse(text)
    link = parse(text.replace("1+%2B", "1%2B"))
    assert link.qualifiers == (Element("10", "a/b+c"), Element("21", "7"))
    assert link.attributes == (Element("17", "271231"), Element("91", "1+"))
    assert link.ignored == ("utm_source=y",)
    assert write(link) == f"https://brand.example/x/01/{GTIN}/10/a%2Fb%2Bc/21/7?17=271231&91=1%2B"
    assert parse(write(link)).elements == link.elements


def test_the_right_most_key_counts() -> None:
    assert parse(f"https://a/01/{GTIN}/00/340123450000000000").key.ai == "00"


@pytest.mark.parametrize(
    "text",
    [
        f"//a/01/{GTIN}",
        f"Https://a/01/{GTIN}",
        f"https:///01/{GTIN}",
        f"https://a_b/01/{GTIN}",
        "https://a",
        "https://a/c/K7Q2-9MXT",
        f"https://a/01/{GTIN}/",
        f"https://a/01/{GTIN}/21/7/10/A",  # out of order
        f"https://a/01/{GTIN}/10/A/235/X",  # of two rows
        f"https://a/01/{GTIN}/17/271231",  # no qualifier
        f"https://a/01/{GTIN}?10=A",  # belongs into the path
        f"https://a/01/{GTIN}?21=7",  # stands in no query
        f"https://a/01/{GTIN}?17=",
        f"https://a/01/{GTIN}?777=1",
        f"https://a/01/{GTIN}?17=271231&17=271231",
        f"https://a/01/{GTIN}/10/A%00",
        f"https://a/01/{GTIN}/10/%E6%9C%80",
        f"https://a/01/{GTIN} ",
        "https://a/01/4006381333931",
        f"https://a/gtin/{GTIN}",
        f"https://a/01/{GTIN[:-1]}3",
        "https://a/" + "x" * 8200 + f"/01/{GTIN}",
    ],
)
def test_what_is_no_digital_link_is_refused(text: str) -> None:
    with pytest.raises(BadGs1):
        parse(text)


def test_what_has_left_the_standard_is_read_on_request() -> None:
    assert parse("https://a/gtin/4006381333931", alphas=True, short_gtins=True).key == Element(
        "01", "04006381333931"
    )
    assert set(CONVENIENCE.values()) <= ENTRIES.keys()


def test_a_link_is_made_of_a_label() -> None:
    label = parse_bracketed(f"(17)271231(21)7(99)x y(01){GTIN}(10)A".replace("x y", "x/y"))
    link = of(label, "https://shop.example/")
    assert write(link) == f"https://shop.example/01/{GTIN}/10/A/21/7?17=271231&99=x%2Fy"
    assert write(of(label)).startswith("https://id.gs1.org/01/")
    with pytest.raises(BadGs1, match="a key"):
        of(parse_bracketed("(99)x"))
    with pytest.raises(BadGs1, match="no query"):
        of(parse_bracketed(f"(01){GTIN}(8200)http://example.com"))
