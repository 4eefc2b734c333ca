"""Text: prices keep their digits, lines break where they may, every script has a font."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, features

from content.money import Money
from kiosk.ui import fonts
from kiosk.ui.bidi import levels, upright, visual_runs
from kiosk.ui.text import draw_line, fit, line_height, pieces, shape, whole_words, wrap
from kiosk.ui.theme import BRAND, INK, PAPER, SALE, SOFT_INK, TAG, WHITE, contrast
from kiosk.ui.words import money, words

from .showroom import TAGS


def ink(words: str, language: str, *, bold: bool) -> int:
    """How much black a line is."""
    line = shape(words, 30, bold, language)
    image = Image.new("RGB", (line.width + 20, 60), "white")
    draw_line(ImageDraw.Draw(image), line, 10, 42, (0, 0, 0))
    return sum(255 - v for v in image.convert("L").tobytes())


def drawn(words: str, language: str, size: int = 40) -> Image.Image:
    line = shape(words, size, True, language)
    image = Image.new("RGB", (line.width + 20, size * 2), "white")
    draw_line(ImageDraw.Draw(image), line, 10, size * 1.4, (0, 0, 0))
    return image.convert("L")


def contains(haystack: Image.Image, needle: Image.Image) -> bool:
    """Whether a picture stands somewhere in another one's row."""
    box = ImageChops.invert(needle).getbbox()
    assert box is not None
    needle = needle.crop(box)
    for x in range(haystack.width - needle.width + 1):
        part = haystack.crop((x, box[1], x + needle.width, box[3]))
        if max(ImageChops.difference(part, needle).tobytes()) < 90:  # a fraction of a pixel apart
            return True
    return False


@pytest.mark.parametrize(
    "sentence", ["السعر 3.50 € فقط", "3.50 €", "2 مقابل 3.50 €", "\u200f3.50\xa0€", "خصم 3.50"]
)
def test_a_price_in_arabic_is_not_reversed(sentence: str) -> None:
    found = [run.text for run in shape(sentence, 40, True, "ar").runs if "50" in run.text]
    assert len(found) == 1
    assert "3.50" in found[0]
    assert contains(drawn(sentence, "ar"), drawn("3.50", "en"))
    assert not contains(drawn(sentence, "ar"), drawn("05.3", "en"))


@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("minor", [5, 350, 1249, 123456])
def test_money_keeps_its_digits_in_order(language: str, minor: int) -> None:
    said = money(Money(minor, "EUR"), language)
    seen = "".join(run.text for run in shape(said, 30, True, language).runs)
    assert "".join(c for c in seen if c.isdigit()) == "".join(c for c in said if c.isdigit())
    assert "€" in seen


def test_measures_stay_upright_in_arabic() -> None:
    assert [r.text for r in shape(upright("100 g"), 30, False, "ar").runs] == ["100 g"]


def test_levels_follow_the_standard() -> None:
    # Unicode Annex 9: numbers in a right-to-left line are one level up, their separators with them.
    assert levels("ابج 12.50", 1) == [1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert levels("abc ابج 12", 0) == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert [t for t, _ in visual_runs("ابج abc", 1)] == ["abc", "ابج "]
    assert visual_runs("", 1) == []


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow without raqm has no peer to compare with")
@settings(max_examples=60, deadline=None)
@given(st.text("ابتثج ةلمaBc 0123.,:-€%/+!؟،", min_size=1, max_size=24), st.sampled_from(["ar", "en"]))
def test_our_order_is_fribidis_order(sample: str, language: str) -> None:
    """One font for everything, so that the shaper (with FriBiDi inside) can lay out the same line in one go."""
    arabic = next(f for f in fonts.faces() if f.name == "arabic")
    if not sample.strip() or not all(fonts.covers(arabic, c) for c in sample):
        return
    order = [(piece, rtl) for piece, rtl in visual_runs(sample, int(language == "ar")) if piece.strip()]
    font = fonts.font(arabic, 32, False)
    ours = sum(
        font.getlength(p, direction="rtl" if rtl else "ltr")
        for p, rtl in visual_runs(sample, int(language == "ar"))
    )
    direction = "rtl" if language == "ar" else "ltr"
    assert order
    assert abs(ours - font.getlength(sample, direction=direction)) <= 2 * len(order)
    mine, peer = (Image.new("L", (900, 80), 255) for _ in range(2))
    x = 10.0
    for piece, rtl in visual_runs(sample, int(language == "ar")):
        ImageDraw.Draw(mine).text((round(x), 50), piece, 0, font, "ls", direction="rtl" if rtl else "ltr")
        x += font.getlength(piece, direction="rtl" if rtl else "ltr")
    ImageDraw.Draw(peer).text((10, 50), sample, 0, font, "ls", direction=direction)
    small = [i.resize((225, 20), Image.Resampling.BOX) for i in (mine, peer)]
    assert max(ImageChops.difference(*small).tobytes()) < 128, sample


@pytest.mark.parametrize("language", TAGS)
def test_every_script_has_a_font_and_a_bold_one(language: str) -> None:
    assert fonts.missing() == ()
    sample = words(language)("idle.text")
    shown = "".join(r.text for r in shape(sample, 30, False, language).runs)
    assert sorted(shown.replace(" ", "")) == sorted(sample.replace(" ", ""))
    assert ink(sample, language, bold=True) > 1.1 * ink(sample, language, bold=False)


def test_without_the_font_packages_prices_are_still_there(tmp_path: Path) -> None:
    """As on a kiosk where the packages are there without their fonts: Chinese is left out, prices are not."""
    for name in ("justmytype_intl_cjk", "justmytype_intl_rtl"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    program = """
from kiosk.ui.fonts import missing
from kiosk.ui.text import shape
from kiosk.ui.words import money
from content.money import Money
print(missing())
for tag in ("en", "zh", "ar", "de"):
    print("".join(r.text for r in shape("价格 " + money(Money(1249, "EUR"), tag), 30, True, tag).runs))
"""
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{root}", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    missing, *prices = done.stdout.splitlines()
    assert missing == "('han', 'arabic')"
    assert len(prices) == 4
    for price in prices:
        assert "12.49" in price or "12,49" in price
        assert "€" in price


def test_chinese_breaks_anywhere_but_before_a_full_stop() -> None:
    lines = wrap("今早在城里烘焙的酸种面包，外脆里软。新鲜", 30, False, "zh", 30 * 6 + 10, 9)
    assert len(lines) > 2
    assert all(line.width <= 190 for line in lines)
    starts = [line.runs[0].text[0] for line in lines]
    assert not set(starts) & set("，。")


def test_a_percent_sign_stays_with_its_number() -> None:
    assert pieces("Greek-style yogurt 10 % fat")[-2:] == ["10 % ", "fat"]


def test_whole_words_are_told_from_broken_ones() -> None:
    word = "Körperpflege"
    room = shape(word, 30, True, "de").width
    assert whole_words(word, 30, True, "de", room, 1)
    assert not whole_words(word, 30, True, "de", room - 1, 9)
    assert not whole_words(f"{word} {word}", 30, True, "de", room, 1)


def test_long_words_are_cut_and_long_texts_end_in_an_ellipsis() -> None:
    lines = wrap("Donaudampfschifffahrtsgesellschaftskapitän fährt", 30, False, "de", 300, 2)
    assert len(lines) == 2
    assert all(line.width <= 300 for line in lines)
    assert lines[1].runs[-1].text.endswith("…")
    assert fit("€1,234.56", 60, True, "en", 120, 20).width <= 120


@given(st.text("Ab 中，。文-ابج12.5€", max_size=60), st.integers(90, 400))
@settings(max_examples=80, deadline=None)
def test_no_line_is_wider_than_its_room(sample: str, room: int) -> None:
    for line in wrap(sample, 28, False, "zh", room, 5):
        assert line.width <= room + 1


def test_type_and_background_have_seven_to_one() -> None:
    for ink, ground in ((INK, PAPER), (SOFT_INK, WHITE), (WHITE, BRAND), (WHITE, SALE), (INK, TAG)):
        assert contrast(ink, ground) >= 7
    assert line_height(28) == 36


@pytest.mark.parametrize("language", TAGS)
def test_plurals(language: str) -> None:
    said = {words(language).count("wall.items", n) for n in (1, 2, 5, 11, 100)}
    assert len(said) >= 3
    assert words(language).has("wall.pay")
    assert words(language)("no.such-words") == "such words"
