"""What a receipt is on paper, at every printer's width: read back from the dots."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image, ImageChops

from content.model import Store
from devices.models import Paper
from devices.products.printers import MM58, MM80, MM80_PLAIN, MM80_WIDE
from devices.protocol import escpos
from devices.sim.escpos_machine import Machine, Picture, Text
from kiosk.peripherals.paper import pieces
from kiosk.peripherals.receipt import Receipt, receipt_of
from kiosk.ui.text import shape
from tests.kiosk.kiosks import store
from tests.kiosk.orders import payment

PAPERS = pytest.mark.parametrize("paper", [MM58, MM80, MM80_WIDE, MM80_PLAIN], ids=str)
LANGUAGES = pytest.mark.parametrize("language", ["en", "de", "zh", "ar"])


def receipt(language: str) -> Receipt:
    return receipt_of(payment(), "K7Q2-9MXT", language, store().store, "K1", 1_795_000_000_000)


def printed(language: str, paper: Paper) -> list[Picture | Text]:
    """What hangs out of the printer, the cut included or not."""
    machine = Machine(lambda: 1.0)
    for piece in pieces(receipt(language), paper):
        machine.hear(piece)
    return machine.receipts[0] if paper.cuts else machine.hanging


def image(*bands: Picture) -> Image.Image:
    picture, rows = bands[0], b"".join(band.rows for band in bands)
    size = (picture.width, len(rows) * 8 // picture.width)
    dots = ImageChops.invert(Image.frombytes("1", size, rows).convert("L"))
    return dots.resize((size[0] * picture.scale, size[1] * picture.scale), Image.Resampling.NEAREST)


@PAPERS
@LANGUAGES
def test_nothing_is_wider_than_the_paper(paper: Paper, language: str) -> None:
    for mark in printed(language, paper):
        if isinstance(mark, Picture):
            assert mark.width * mark.scale <= paper.dots
        else:
            assert len(mark.text) * mark.size <= paper.columns


@PAPERS
@LANGUAGES
def test_the_counter_can_scan_the_claim_code_from_paper(paper: Paper, language: str) -> None:
    pictures = [mark for mark in printed(language, paper) if isinstance(mark, Picture) and mark.scale == 2]
    (read,) = zxingcpp.read_barcodes(image(*pictures))
    assert read.text == "K7Q2-9MXT"


@PAPERS
def test_the_claim_code_is_in_the_seal_and_nowhere_else(paper: Paper) -> None:
    *body, seal = pieces(receipt("en"), paper)
    assert b"K7Q2-9MXT" in seal
    assert not any(b"K7Q2-9MXT" in piece for piece in body)
    assert all(len(piece) <= 4096 for piece in (*body, seal))


def test_letters_a_printer_may_not_have_are_drawn() -> None:
    letters = [mark.text for mark in printed("de", MM80) if isinstance(mark, Text)]
    assert any("€" in text for text in letters)
    assert all(text.isascii() for text in (m.text for m in printed("de", MM80_PLAIN) if isinstance(m, Text)))


@pytest.mark.parametrize("language", ["zh", "ar"])
def test_pictures_of_letters_are_ink_and_not_grey(language: str) -> None:
    drawn = [mark for mark in printed(language, MM80) if isinstance(mark, Picture) and mark.scale == 1]
    assert drawn
    ink = sum(sum(byte.bit_count() for byte in mark.rows) for mark in drawn)
    assert 0.01 < ink / sum(len(mark.rows) * 8 for mark in drawn) < 0.4


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "name",
    [
        "Milk\x1bp\x00\x19\xfa",  # ESC p: the drawer
        "Milk\x10\x14\x01\x00\x01",  # DLE DC4: the drawer, at once
        "Milk\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08",  # DLE DC4 8: forget what is to be printed
        "Milk\x1b@\x1dV\x00",  # another receipt
        "Milk\x1d(H\x06\x000000AAAA",  # "it is printed"
        "Milk\n\n* VOID *\n",
        "\x00" * 20,
        "\u202ekliM \u2066\U0001f95b\ud800",
        "M" * 3000,
    ],
    ids=repr,
)
def test_a_name_is_never_a_command(name: str, language: str) -> None:
    paid = payment()
    (line,) = paid.order.lines
    strange = structs.replace(
        paid, order=structs.replace(paid.order, lines=(structs.replace(line, name=name),))
    )
    machine = Machine(lambda: 1.0)
    said = b""
    for piece in pieces(
        receipt_of(strange, "K7Q2-9MXT", language, store().store, "K1", 1_795_000_000_000), MM80
    ):
        said += machine.hear(piece)
    assert (machine.kicks, said, len(machine.receipts), machine.hanging) == (0, b"", 1, [])
    assert not any(isinstance(mark, Text) and mark.text == "* VOID *" for mark in machine.receipts[0])


@PAPERS
@pytest.mark.parametrize(
    ("language", "where"),
    [
        ("zh", "取货柜在B出口大钟后面；请把取货码对准小窗口，柜门会自动打开。今天22:00之前都可以取货。"),
        (
            "ar",
            "خزائن الاستلام عند المخرج ب خلف الساعة الكبيرة؛ أمسك الرمز أمام النافذة الصغيرة وسيفتح الباب تلقائياً.",
        ),
    ],
)
def test_where_the_goods_are_is_printed_to_its_end_in_letters_one_can_read(
    paper: Paper, language: str, where: str
) -> None:
    shop = structs.replace(store().store, pickup={language: where})
    short = structs.replace(store().store, pickup={language: where[:6]})

    def lines(of: Store) -> int:
        said = receipt_of(payment(), "K7Q2-9MXT", language, of, "K1", 1_795_000_000_000)
        return sum(piece.startswith(b"\x1dv0\x00") for piece in pieces(said, paper))

    size = 24
    needed = shape(where, size, False, language).width / paper.dots
    assert lines(shop) - lines(short) >= int(needed)


@given(st.text())
def test_a_line_of_text_has_one_end_and_no_control_character(text: str) -> None:
    (*letters, end) = escpos.text(text)
    assert end == 0x0A
    assert all(letter >= 0x20 and letter != 0x7F for letter in letters)
