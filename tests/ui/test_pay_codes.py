"""The pay code of every scheme, from rendered pixels: crisp, quiet, of the size phones need, and read by one at two metres."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

import pytest
import zxingcpp
from msgspec import structs
from PIL import Image, ImageChops

from kiosk.codes.glass import can_show, largest_version, version_of
from kiosk.qr import Level, encode
from kiosk.scenes import EPC, LINK, MONO_MS, PAYLOADS
from kiosk.ui.nodes import Node
from kiosk.ui.screens import pay
from kiosk.ui.screens.pay_art import CodeSheet, MustShow
from kiosk.ui.theme import PAPER, QUIET, Theme
from kiosk.ui.words import words
from kiosk.views import CancelPay, Panel, Pay

from .conftest import Glass
from .scenery import LANGUAGES, Scenery, demo_store
from .test_purchase_layouts import PANELS
from .test_wall import as_a_phone_sees_it

PANEL_NAMES = {"portrait": Panel(), "landscape": Panel(1920, 1080)}
REFERENCE = "7K2Q9XM4D0T3R8V0"


def emv(length: int) -> str:
    """Text of the shape and length of a national code: digits, capitals, a host in small letters."""
    body = "00020101021226580014br.gov.bcb.pix2536pix.example.com/qr/v2/" + REFERENCE * 20
    return body[: length - 8] + "6304A1B2"


# Method -> payload as long as payments.md 3.3 found real ones to be.
REAL = {
    "link": LINK,
    "alipay": "https://qr.alipay.com/bax0123456789abcd",
    "epc": EPC.format(amount="24.50", reference=REFERENCE),
    "vietqr": emv(128),
    "paynow": emv(150),
    "pix-static": emv(136),
    "upi": f"upi://pay?pa=pendelo@examplebank&pn=Pendelo%20Market&am=1245.00&cu=INR&tr={REFERENCE}&mc=5411&tn={REFERENCE[:4]}%20Pendelo",
    "pix": emv(161),
    "khqr": emv(263),
    "bitcoin": f"BITCOIN:BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ?AMOUNT=0.00042&LABEL={REFERENCE}",
    **PAYLOADS,
}  # fmt: skip


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


def waiting(scenery: Scenery, method: str, payload: str, language: str = "en") -> Pay:
    view = scenery.views(language)["pay-link-waiting"]
    assert isinstance(view, Pay)
    return structs.replace(view, method=method, payload=payload)


def code_of(nodes: list[Node]) -> tuple[Node, CodeSheet]:
    node = next(n for n in nodes if n.key == "code")
    assert isinstance(node.art, CodeSheet)
    return node, node.art


def drawn(nodes: list[Node], panel: Panel) -> Image.Image:
    """The panel with these nodes on it, as the screen puts their pictures there."""
    image = Image.new("RGB", (panel.width, panel.height), PAPER)
    for node in nodes:
        if node.art is not None:
            picture = node.art.paint(node.rect.w, node.rect.h)
            image.paste(picture, (node.rect.x, node.rect.y), picture if picture.mode == "RGBA" else None)
    return image


@pytest.mark.parametrize("name", PANEL_NAMES)
@pytest.mark.parametrize("method", REAL)
def test_a_phone_two_metres_away_reads_every_scheme(scenery: Scenery, method: str, name: str) -> None:
    panel, theme = PANEL_NAMES[name], Theme(PANEL_NAMES[name])
    view = waiting(scenery, method, REAL[method])
    nodes = scenery.nodes(theme, view)
    _, art = code_of(nodes)
    assert art.module * panel.pitch_mm >= 2000 / 460, "payments.md 3.3: three camera pixels a module"
    (code,) = zxingcpp.read_barcodes(as_a_phone_sees_it(drawn(nodes, panel), panel, 2000, 11))
    assert code.text == REAL[method]
    if method in ("epc", "swiss"):
        assert code.ec_level == "M", "as its standard says"
    assert code.ec_level in "MQ"


@pytest.mark.parametrize("name", [*PANEL_NAMES, "small", "dense"])
@pytest.mark.parametrize("method", ["link", "khqr", "lightning"])
def test_every_module_is_whole_pixels_in_black_and_white_with_four_modules_of_white_around(
    scenery: Scenery, method: str, name: str
) -> None:
    theme = Theme({**PANEL_NAMES, "small": Panel(360, 640), "dense": Panel(1080, 1920, 546)}[name])
    node, art = code_of(scenery.nodes(theme, waiting(scenery, method, REAL[method])))
    symbol = encode(art.payload, Level[art.level])
    picture = art.paint(node.rect.w, node.rect.h).convert("L")
    side = symbol.size * art.module
    x, y = (node.rect.w - side) // 2, (node.rect.h - side) // 2
    quiet = QUIET * art.module
    assert min(x, y) >= quiet
    light, size = symbol.luminance(QUIET)
    whole = Image.frombytes("L", (size, size), light).resize(
        (side + 2 * quiet, side + 2 * quiet), Image.Resampling.NEAREST
    )
    assert (
        picture.crop((x - quiet, y - quiet, x + side + quiet, y + side + quiet)).tobytes() == whole.tobytes()
    )


@pytest.mark.ui
@pytest.mark.parametrize(
    ("method", "language"), [("pix", "en"), ("swiss", "de"), ("duitnow", "ar"), ("wechat", "zh")]
)
def test_it_is_the_same_on_the_glass(glass: Glass, scenery: Scenery, method: str, language: str) -> None:
    glass.room.shop = scenery.shop
    glass.put(waiting(scenery, method, REAL[method], language))
    (code,) = zxingcpp.read_barcodes(as_a_phone_sees_it(glass.picture(), glass.program.panel, 2000, 5))
    assert code.text == REAL[method]


def test_the_swiss_cross_covers_the_share_the_guidelines_print_and_no_other_code_wears_one(
    scenery: Scenery,
) -> None:
    theme = Theme(Panel())
    node, art = code_of(scenery.nodes(theme, waiting(scenery, "swiss", REAL["swiss"])))
    assert art.cross
    picture = art.paint(node.rect.w, node.rect.h)
    plain = structs.replace(art, cross=False).paint(node.rect.w, node.rect.h)
    side = encode(art.payload).size * art.module
    middle = (node.rect.w // 2, node.rect.h // 2)
    assert picture.getpixel(middle) == (255, 255, 255)
    changed = ImageChops.difference(picture, plain).getbbox()
    assert changed is not None
    assert 0.9 * side * 7 / 46 <= changed[2] - changed[0] <= side * 7 / 46 + 1
    assert not code_of(scenery.nodes(theme, waiting(scenery, "epc", REAL["epc"])))[1].cross


def test_glare_costs_pixels_and_never_the_code(scenery: Scenery) -> None:
    clear, lit = Theme(Panel()), Theme(Panel(glare=True))
    for method, payload in REAL.items():
        view = waiting(scenery, method, payload)
        before, after = code_of(scenery.nodes(clear, view))[1], code_of(scenery.nodes(lit, view))[1]
        assert after.level == ("M" if method in ("epc", "swiss") else "Q"), method
        assert lit.module(1000) <= after.module <= before.module


def test_where_more_correction_costs_no_pixel_it_is_there(scenery: Scenery) -> None:
    levels = {
        m: code_of(scenery.nodes(Theme(Panel()), waiting(scenery, m, p)))[1].level for m, p in REAL.items()
    }
    assert set(levels.values()) == {"M", "Q"}
    for method, payload in REAL.items():
        free = encode(payload, Level.Q).version == encode(payload, Level.M).version
        assert (levels[method] == "Q") == (free and method not in ("epc", "swiss")), method


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p.width}x{p.height}-{p.diagonal_mm}-{p.bottom_mm}")
@pytest.mark.parametrize("glare", [False, True], ids=["clear", "glare"])
def test_what_the_agent_lets_through_can_be_read_from_a_metre(
    scenery: Scenery, panel: Panel, glare: bool
) -> None:
    panel = structs.replace(panel, glare=glare)
    most = next(n for n in range(2_400, 0, -1) if can_show("x" * n, panel))
    assert version_of("x" * most) == largest_version(panel)
    for method in ("link", "epc"):
        _, art = code_of(scenery.nodes(Theme(panel), waiting(scenery, method, "x" * most)))
        assert art.module >= panel.module(1000)


# --- what the phone must show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_domain_and_check_code_stand_beside_the_code(scenery: Scenery, language: str) -> None:
    view = waiting(scenery, "link", LINK, language)
    for panel in PANEL_NAMES.values():
        nodes = scenery.nodes(Theme(panel), view)
        must = next(n.art for n in nodes if n.key == "must-show")
        assert isinstance(must, MustShow)
        assert must.value == "pay.pendelo.example · 7K2Q"
        assert must.label == words(language)("pay.must-show")
        bank = structs.replace(view, method="promptpay", domain="")
        must = next(n.art for n in scenery.nodes(Theme(panel), bank) if n.key == "must-show")
        assert isinstance(must, MustShow)
        assert must.value == f"{view.merchant} · 7K2Q"


def test_it_stands_there_while_the_payer_confirms_and_not_before_there_is_anything_to_compare(
    scenery: Scenery,
) -> None:
    views = scenery.views("en")
    shown = {name: any(n.key == "must-show" for n in scenery.nodes(Theme(Panel()), v)) for name, v in views.items()
             if isinstance(v, Pay)}  # fmt: skip
    assert shown["pay-link-waiting"]
    assert shown["pay-link-scanned"]
    assert not any(shown[f"pay-{k}"] for k in ("link-asking", "link-late", "link-cancelling", "card"))


# --- time -------------------------------------------------------------------------------------------------------


def test_seconds_are_counted_down_one_by_one_however_late_or_early_a_tick_comes() -> None:
    view = Pay(frame=None, method="link", stage="waiting", amount=None, reference="", until_ms=180_000)  # type: ignore[arg-type]  # only its time is read
    now, shown = 400.0, list[int | None]()
    for late in (0, 3, 40, 0, 120, 7) * 31:
        shown.append(pay.seconds_left(view, now))
        now += pay.until_next(view, now) + late
    seen = [s for s in shown if s is not None]
    assert len(seen) == len(shown)
    assert all(0 <= a - b <= 1 for a, b in itertools.pairwise(seen))
    assert seen[0] == 180
    assert seen[-1] == 0


def test_the_bar_is_full_when_the_providers_time_begins(scenery: Scenery) -> None:
    view = structs.replace(waiting(scenery, "link", LINK), until_ms=MONO_MS + 60_000, offered_ms=60_000)
    art = next(n.art for n in scenery.nodes(Theme(Panel()), view) if n.key == "time")
    assert (art.time, art.part) == ("1:00", 120)  # type: ignore[union-attr]  # a Countdown


# --- the language menu ------------------------------------------------------------------------------------------


@pytest.mark.ui
def test_a_code_that_comes_is_not_left_under_the_language_menu(glass: Glass, scenery: Scenery) -> None:
    glass.room.shop = scenery.shop
    glass.put(scenery.views("en")["pay-link-asking"])
    glass.tap("languages")
    glass.turn_until(lambda: any(n.key == "menu-sheet" for n in glass.program.stage.nodes), "the menu")
    glass.put(scenery.views("en")["pay-link-waiting"])
    keys = {n.key for n in glass.program.stage.nodes}
    assert "code" in keys
    assert "menu-sheet" not in keys
    glass.tap("cancel")
    assert glass.sent(CancelPay) == [CancelPay()]


@pytest.mark.ui
def test_the_menu_gives_the_code_back_after_a_while(glass: Glass, scenery: Scenery) -> None:
    glass.room.shop = scenery.shop
    glass.put(scenery.views("en")["pay-link-waiting"])
    screen = glass.program.stage.screen
    assert isinstance(screen, pay.PayScreen)
    glass.tap("languages")
    glass.turn_until(lambda: any(n.key == "menu-sheet" for n in glass.program.stage.nodes), "the menu")
    real = screen._now
    screen._now = lambda: real() + pay.MENU_S * 1000 + 1  # the time has passed
    try:
        glass.turn_until(lambda: all(n.key != "menu-sheet" for n in glass.program.stage.nodes), "the code")
    finally:
        screen._now = real
