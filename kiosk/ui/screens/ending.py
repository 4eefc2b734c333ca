"""How a purchase ends: thanks with a claim code, or a problem said plainly with what to do about it."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.art import Art, Label
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.theme import (
    BAD,
    BRAND,
    BRAND_DEEP,
    BRAND_LIGHT,
    GOOD,
    INFO,
    INK,
    PAPER,
    SOFT_INK,
    TAG,
    WHITE,
    Colour,
    Theme,
    mix,
)
from kiosk.ui.words import Words
from kiosk.views import Back, Done, Problem, Retry, Shop, Thanks

RECEIPTS = ("printing", "printed", "no-paper", "no-printer")  # "none" says nothing
CARE, CARE_MARK = (255, 240, 200), (150, 96, 0)  # disc and sign of what people must not overlook
CALM = frozenset({"expired", "cancelled", "refunded", "recalled"})  # nothing is broken


class Banner(Struct, frozen=True):
    """The upper part: a sign on a disc, a title, a line; in a colour that says how it went."""

    icon: str
    title: str
    line: str
    language: str
    size: int
    text: int
    colour: Colour
    title_lines: int = 2

    def paint(self, w: int, h: int) -> Image.Image:
        """The banner."""
        image = paint.gradient(w, h, self.colour, mix(self.colour, (0, 0, 0), 0.35)).copy()
        edge = self.text
        side = min(round(h * 0.27), w // 4)
        y = round(h * 0.09)
        disc = Rect((w - side) // 2, y, side, side)
        paint.box(image, disc, WHITE, side // 2)
        paint.icon(image, disc.inset(round(side * 0.24)), self.icon, self.colour)
        rest = Rect(edge, disc.bottom, w - 2 * edge, h - disc.bottom)
        share = 0.52 if self.line else 1.0
        upper = Rect(rest.x, rest.y, rest.w, round(rest.h * share))
        paint.text(image, upper, self.title, self.size, self.language, colour=WHITE, bold=True, align="center",
                   valign="bottom" if self.line else "middle", lines=self.title_lines, smallest=round(self.text * 1.2))  # fmt: skip
        if self.line:
            lower = Rect(rest.x, upper.bottom + edge // 3, rest.w, rest.h - upper.h - edge // 2)
            paint.text(image, lower, self.line, self.text, self.language, colour=WHITE, align="center", lines=3,
                       valign="top", smallest=round(self.text * 0.8))  # fmt: skip
        return image


class ClaimSheet(Struct, frozen=True):
    """The claim code in two groups of four, as large as the sheet: it is read aloud, written down, photographed."""

    label: str
    code: str
    hint: str
    language: str
    size: int
    text: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet."""
        image = paint.canvas(w, h, PAPER)
        sheet = Rect(0, 0, w, h).inset(8)
        paint.shadow(image, sheet, self.radius, 8, 0.22, 4)
        paint.box(image, sheet, TAG, self.radius)
        paint.box(image, sheet.inset(6), (255, 249, 224), max(2, self.radius - 6))
        row = round(self.text * 1.7)
        room = sheet.inset(self.text)
        paint.text(image, Rect(room.x, room.y, room.w, row), self.label, self.text, self.language, bold=True,
                   align="center")  # fmt: skip
        low = Rect(room.x, room.bottom - row, room.w, row)
        paint.text(image, low, self.hint, self.text, self.language, colour=SOFT_INK, align="center",
                   smallest=round(self.text * 0.85))  # fmt: skip
        middle = Rect(room.x, room.y + row, room.w, room.h - 2 * row)
        size = min(self.size, round(middle.h / 1.14))
        paint.text(image, middle, grouped(self.code), size, "en", colour=BRAND_DEEP, bold=True, align="center",
                   smallest=self.text)  # fmt: skip
        return image


def grouped(code: str) -> str:
    """A claim code as people read it, in groups of four: "K7Q2-9XM4"."""
    return code if "-" in code else "-".join(code[i : i + 4] for i in range(0, len(code), 4))


class Row(Struct, frozen=True):
    """A sign and a sentence."""

    icon: str
    text: str
    language: str
    size: int
    ink: Colour = INK
    disc: Colour = BRAND_LIGHT
    mark: Colour = BRAND

    def paint(self, w: int, h: int) -> Image.Image:
        """The row."""
        image = paint.canvas(w, h, PAPER)
        rtl = is_rtl(self.language)
        side = min(h, round(self.size * 2.4))
        disc = Rect(w - side if rtl else 0, (h - side) // 2, side, side)
        paint.box(image, disc, self.disc, side // 2)
        paint.icon(image, disc.inset(round(side * 0.24)), self.icon, self.mark)
        used = side + self.size * 2 // 3
        room = Rect(0 if rtl else used, 0, w - used, h)
        lines = max(2, int(h / (self.size * 1.28)))
        paint.text(image, room, self.text, self.size, self.language, colour=self.ink, lines=lines,
                   smallest=round(self.size * 0.85))  # fmt: skip
        return image


class SmallPrint(Struct, frozen=True):
    """What helpers ask for: code, reference, kiosk, whom to call."""

    lines: tuple[str, ...]
    language: str
    size: int
    ground: Colour = PAPER
    ink: Colour = SOFT_INK

    def paint(self, w: int, h: int) -> Image.Image:
        """The lines, in the middle."""
        image = paint.canvas(w, h, self.ground)
        step = round(self.size * 1.45)
        y = max(0, (h - step * len(self.lines)) // 2)
        for i, line in enumerate(self.lines):
            paint.text(image, Rect(0, y + i * step, w, step), line, self.size, self.language, colour=self.ink,
                       align="center", smallest=round(self.size * 0.85))  # fmt: skip
        return image


class ThanksScreen(chrome.PurchaseScreen):
    """Paid."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return thanks_layout(self.theme, self.words, self.shop, self.view)


class ProblemScreen(chrome.PurchaseScreen):
    """Something went wrong."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return problem_layout(self.theme, self.words, self.shop, self.view)


def halves(theme: Theme, banner: int) -> tuple[Rect, Rect]:
    """The banner's place and the room for what follows: below it in portrait, beside it in landscape."""
    foot = chrome.footer_rect(theme)
    if theme.portrait:
        top = Rect(
            0, 0, theme.width, min(banner, round(theme.height * (0.34 if banner <= theme.px(640) else 0.45)))
        )
        return top, Rect(theme.pad, top.bottom, theme.width - 2 * theme.pad, foot.y - top.bottom)
    side = round(theme.width * 0.42)
    left = Rect(0, 0, side, theme.height)
    return left, Rect(left.right + theme.pad, 0, theme.width - left.right - 2 * theme.pad, foot.y)


def _claim(theme: Theme, room: Rect) -> Rect:
    """The claim code's place: as large as it looks good, and never more than leaves room for the rest."""
    most = round(theme.height * (0.22 if theme.portrait else 0.4))
    return Rect(room.x, room.y + theme.pad, room.w, min(theme.px(420), most))


def _row(theme: Theme, room: Rect) -> Rect:
    """The row of buttons under a room."""
    line = chrome.footer_rows(theme)[0]
    return Rect(room.x, line.y, room.w, line.h)


def thanks_layout(theme: Theme, w: Words, shop: Shop, view: Thanks) -> list[Node]:
    """Thanks: claim code, receipt, pickup."""
    top, room = halves(theme, theme.px(640))
    paid = w("thanks.paid", amount=w.money(view.total))
    nodes = [
        Node(
            "banner",
            top,
            Banner("check", w("thanks.title"), paid, w.language, theme.px(112), theme.px(52), GOOD, 1),
        )
    ]
    claim = _claim(theme, room)
    sheet = ClaimSheet(w("thanks.code"), view.claim_code, w("thanks.photo"), w.language, theme.px(170), theme.px(36),
                       theme.radius * 2)  # fmt: skip
    nodes.append(Node("claim", claim, sheet))
    rows: list[tuple[str, Row, int]] = []
    if view.pickup:
        rows.append(("pickup", Row("basket", view.pickup, w.language, theme.px(38)), 3))
    if view.age_min:
        rows.append(("age", Row("warn", w("product.age", years=view.age_min), w.language, theme.px(38), disc=CARE,
                     mark=CARE_MARK), 2))  # fmt: skip
    if view.receipt in RECEIPTS:
        missing = view.receipt.startswith("no-")
        rows.append(("receipt", Row("warn" if missing else "receipt", w(f"receipt.{view.receipt}"), w.language,
                     theme.px(38), disc=CARE if missing else BRAND_LIGHT, mark=CARE_MARK if missing else BRAND), 2))  # fmt: skip
    y = claim.bottom + theme.pad
    for key, art, lines in rows:
        height = max(theme.px(96), theme.px(52) * lines)
        nodes.append(Node(key, Rect(room.x + theme.pad, y, room.w - 2 * theme.pad, height), art))
        y += height + theme.gap
    hint = Rect(room.x, room.bottom - theme.px(48), room.w, theme.px(48))
    nodes.append(Node("auto", hint, SmallPrint((w("thanks.auto"),), w.language, theme.text)))
    globe, done = chrome.shares(_row(theme, room), (-theme.button, 1), theme.gap)
    nodes += [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "done", done, w("thanks.done"), Done(), "primary", "check"),
    ]
    return mirrored(nodes, theme.width) if w.rtl else nodes


def problem_words(w: Words, key: str) -> tuple[str, str]:
    """What happened and what to do; general words for a key this release does not know."""
    known = key if w.has(f"problem.{key}") else "other"
    return w(f"problem.{known}"), w(f"problem.{known}.text")


def problem_layout(theme: Theme, w: Words, shop: Shop, view: Problem) -> list[Node]:
    """A problem: what happened, what to do, the claim code if money may have moved, and what helpers ask for."""
    top, room = halves(theme, theme.px(640 if view.claim_code else 860))
    title, text = problem_words(w, view.key)
    calm = view.key in CALM
    banner = Banner("clock" if calm else "warn", title, text, w.language, theme.px(72), theme.px(40),
                    INFO if calm else BAD)  # fmt: skip
    nodes = [Node("banner", top, banner)]
    y = room.y + theme.pad
    if view.claim_code:
        claim = _claim(theme, room)
        nodes.append(Node("claim", claim, ClaimSheet(w("thanks.code"), view.claim_code, w("thanks.photo"), w.language,
                     theme.px(170), theme.px(36), theme.radius * 2)))  # fmt: skip
        where = w("code.where", page=f"{shop.domain}/c") if shop.domain else w("code.anywhere")
        said = Rect(room.x, claim.bottom + theme.gap, room.w, theme.px(92))
        nodes.append(
            Node(
                "where",
                said,
                Label(where, w.language, theme.px(32), align="center", lines=2, smallest=theme.text),
            )
        )
        y = said.bottom + theme.gap
    nodes += _help(theme, w, shop, view, Rect(room.x, y, room.w, room.bottom - y))
    nodes += _answers(theme, w, view, _row(theme, room))
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _help(theme: Theme, w: Words, shop: Shop, view: Problem, room: Rect) -> list[Node]:
    """The code, large enough to be read to somebody on the phone, and whom to call."""
    lines = [w("screen.kiosk", kiosk=shop.kiosk)]
    if view.reference:
        lines.append(w("problem.payment", reference=view.reference))
    parts: list[tuple[str, Art, int]] = [
        ("problem-code", chrome.Message(w("problem.code", code=view.code), "", w.language, theme.px(72), theme.text,
         theme.text), theme.px(120)),
    ]  # fmt: skip
    if shop.support:
        parts += [
            ("help", SmallPrint((w("screen.help"),), w.language, theme.px(36)), theme.px(56)),
            # a telephone number is read from left to right in every language
            (
                "support",
                chrome.Message(shop.support, "", "en", theme.px(48), theme.text, theme.text),
                theme.px(80),
            ),
        ]
    parts.append(("small-print", SmallPrint(tuple(lines), w.language, theme.text), theme.px(42) * len(lines)))
    y = room.y + max(0, (room.h - sum(height for _, _, height in parts)) // 2)
    nodes = []
    for key, art, height in parts:
        nodes.append(Node(key, Rect(room.x, y, room.w, height), art))
        y += height
    return nodes


def _answers(theme: Theme, w: Words, view: Problem, row: Rect) -> list[Node]:
    if not view.can_retry:
        globe, done = chrome.shares(row, (-theme.button, 1), theme.gap)
        return [
            chrome.language_button(theme, w, globe),
            chrome.button(theme, w, "done", done, w("problem.done"), Done(), "primary", "check"),
        ]
    globe, back, retry = chrome.shares(row, (-theme.button, 1, 1), theme.gap)
    return [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("problem.another"), Back(), "secondary", ""),
        chrome.button(theme, w, "retry", retry, w("problem.retry"), Retry(), "primary", ""),
    ]
