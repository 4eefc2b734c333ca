"""What holds of any data: written and read again it is the same, and nothing is raised but ProtocolError."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol.gs1 import associations, digital_link, elements, scan_data
from devices.protocol.gs1.check import CSET82, check_digit
from devices.protocol.gs1.elements import Element
from devices.protocol.gs1.table import ENTRIES

TEXT = st.text(CSET82, min_size=1, max_size=20)
GTINS = st.text("0123456789", min_size=13, max_size=13).map(
    lambda body: Element("01", body + check_digit(body))
)
DATES = st.dates().map(lambda day: f"{day:%y%m%d}")
ANY = st.one_of(
    GTINS,
    DATES.map(lambda day: Element("17", day)),
    st.builds(Element, st.sampled_from(("10", "21", "22", "240", "91", "99", "8002")), TEXT),
    st.builds(Element, st.sampled_from(("3103", "3922")), st.text("0123456789", min_size=6, max_size=6)),
)
LABELS = st.lists(ANY, min_size=1, max_size=12).map(tuple)
ALPHABET = "]QCEdeJ013()/:?&=%+#.ahtps\x1d|\\^" + CSET82


@given(LABELS)
def test_a_label_is_read_as_it_was_written(label: tuple[Element, ...]) -> None:
    assert elements.parse(elements.write(label)) == label
    assert elements.parse_bracketed(elements.write_bracketed(label)) == label
    assert scan_data.parse("]Q3" + elements.write(label)).elements == label


@given(GTINS, st.lists(ANY, max_size=6))
def test_a_link_is_read_as_it_was_written(gtin: Element, rest: list[Element]) -> None:
    once = list({each.ai: each for each in [gtin, *rest]}.values())
    try:
        link = digital_link.of(once, "https://shop.example/K1/17")
    except ProtocolError:
        assert any(not ENTRIES[each.ai].attribute for each in once)
        return
    assert digital_link.parse(digital_link.write(link)) == link
    assert set(link.elements) == set(once)


@settings(max_examples=300)
@given(st.text(max_size=120) | st.text(ALPHABET, max_size=120))
def test_nothing_else_than_a_protocol_error_is_raised(text: str) -> None:
    for read in (elements.parse, elements.parse_bracketed, digital_link.parse, scan_data.parse):
        with suppress(ProtocolError):
            read(text)
    for carrier in ("]C1", "]E0", "]E3", "]Q1", "]I1"):
        with suppress(ProtocolError):
            associations.problems(scan_data.parse(text, carrier).elements)
