"""What a receipt is on paper, at every printer's width: read back from the dots."""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image, ImageChops

from devices.models import Paper
from devices.products.printers import MM58, MM80, MM80_PLAIN, MM80_WIDE
from devices.sim.escpos_machine import Machine, Picture, Text
from kiosk.paper import pieces
from kiosk.receipt import Receipt, receipt_of
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
