"""The wall: its layout's laws, its codes as a phone sees them, and fingers on it."""

from __future__ import annotations

import itertools
import random

import pytest
import zxingcpp
from msgspec import structs
from PIL import Image, ImageFilter

from content.money import Money
from kiosk.ui.facing import tile_shape
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import broken_laws
from kiosk.ui.screens.wall import WallScreen, layout, shelving
from kiosk.ui.stage import REST
from kiosk.ui.theme import QUIET, Theme
from kiosk.ui.words import words
from kiosk.views import (
    Add,
    Attract,
    Checkout,
    EnterCode,
    Frame,
    OpenAisle,
    OpenBasket,
    OpenProduct,
    Panel,
    Seen,
    SetLanguage,
    SetReach,
    Ticker,
    Touch,
    Wall,
)

from .conftest import Glass
from .showroom import TAGS, make_shop

PANELS = [Panel(), Panel(1920, 1080), Panel(360, 640), Panel(1080, 1920, 546), Panel(1080, 1920, 1397, 400)]
FULL = Frame("en", basket_count=3, basket_total=Money(1249, "EUR"))


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("reach", [False, True])
def test_layout_keeps_the_laws(panel: Panel, language: str, reach: bool) -> None:
    theme = Theme(panel)
    frame = Frame(language, reach=reach, basket_count=3, basket_total=Money(1249, "EUR"))
    view = Wall(frame, "dairy")
    nodes = layout(theme, words(language), make_shop(), view)
    assert broken_laws(nodes, theme, reach=reach) == []
    shelves = shelving(theme, words(language), make_shop(), view).viewport
    assert all(not n.rect.meets(shelves) for n in nodes), "controls and shelves overlap"
    assert not reach or shelves.y >= theme.reach_top


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("rtl", [False, True])
def test_a_tile_holds_its_parts_and_its_quiet_zone(panel: Panel, rtl: bool) -> None:
    theme = Theme(panel)
    language = "ar" if rtl else "en"
    s = shelving(theme, words(language), make_shop(), Wall(Frame(language), "dairy"))
    shape = s.shape
    assert s.columns * shape.w <= s.viewport.w
    quiet = shape.code.inset(-QUIET * shape.module)
    tile = Rect(0, 0, shape.w, shape.h)
    assert quiet.inside(tile)
    assert shape.module * theme.panel.pitch_mm >= 1000 / 460
    assert min(shape.add.w, shape.add.h) >= theme.target
    parts = (shape.add, shape.unit, shape.tag, shape.name, shape.picture)
    for part in parts:
        assert part.inside(tile)
        assert not part.meets(quiet)
    assert not any(a.meets(b) for a, b in itertools.combinations(parts, 2))
    assert shape.name.h >= shape.lines * shape.text


@pytest.mark.parametrize(
    ("panel", "reach", "rows", "columns"),
    [(Panel(), False, 3, 2), (Panel(1920, 1080), False, 2, 3), (Panel(bottom_mm=850), True, 1, 2),
     (Panel(1080, 1920, 546), False, 1, 2)],
)  # fmt: skip
def test_as_many_facings_as_go_stand_whole_on_the_glass(
    panel: Panel, reach: bool, rows: int, columns: int
) -> None:
    view = Wall(structs.replace(FULL, reach=reach), "dairy")
    s = shelving(Theme(panel), words("en"), make_shop(), view)
    assert (s.viewport.h // s.shape.h, s.columns) == (rows, columns)
    assert s.whole(0) == list(range(rows * columns))
    assert s.viewport.h > rows * s.shape.h, "the next shelf shows that there is more"


def test_arabic_shelves_begin_at_the_right() -> None:
    theme = Theme(Panel())
    s = shelving(theme, words("ar"), make_shop(), Wall(Frame("ar"), "dairy"))
    assert s.place(0, 0).right == theme.width
    assert s.index_at(theme.width - 1, s.viewport.y, 0) == 0
    assert s.shape.code.x < s.shape.add.x
    for width in (360, 540):
        left, right = tile_shape(theme, width, False), tile_shape(theme, width, True)
        assert left.add.x < left.code.x
        assert (left.tag.mirrored(width), left.name.mirrored(width)) == (right.tag, right.name)


def test_more_aisles_than_room_turn_pages() -> None:
    theme = Theme(Panel())
    shop = make_shop()
    aisles = tuple(
        type(a)(f"{a.key}{i}", a.names, 1, a.background, a.accent) for i in range(3) for a in shop.aisles
    )
    many = type(shop)(**{f: getattr(shop, f) for f in shop.__struct_fields__ if f != "aisles"}, aisles=aisles)
    seen = set()
    for page in range(3):
        nodes = layout(theme, words("en"), many, Wall(FULL, "dairy0"), page)
        assert broken_laws(nodes, theme) == []
        seen |= {n.key for n in nodes if n.key.startswith("aisle-")}
    assert len(seen) == 24


# --- real pixels ------------------------------------------------------------------------------------------------


def as_a_phone_sees_it(picture: Image.Image, panel: Panel, distance_mm: float, seed: int) -> Image.Image:
    """A camera's view: 1386/d px per mm, blur of 0.7 px, noise of 6 grey levels (payment research, decode model)."""
    scale = 1386 / distance_mm * panel.pitch_mm
    size = round(picture.width * scale), round(picture.height * scale)
    seen = picture.convert("L").resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.7))
    noise = random.Random(seed)
    grain = Image.frombytes(
        "L", size, bytes(round(noise.gauss(128, 6)) & 255 for _ in range(size[0] * size[1]))
    )
    return Image.blend(seen, grain, 0.5).point([min(255, max(0, 2 * v - 128)) for v in range(256)])


@pytest.mark.ui
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_phone_reads_every_whole_code_from_a_metre(glass: Glass, language: str) -> None:
    glass.put(Wall(Frame(language), "dairy"))
    panel = glass.program.panel
    read = {c.text for c in zxingcpp.read_barcodes(as_a_phone_sees_it(glass.picture(), panel, 1000, 1))}
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    assert screen.shelf.now is not None
    shown = [screen.shelf.facing(i) for i in screen.shelf.now.whole(0)]
    assert len(shown) == 6
    assert {f.qr for f in shown if f} <= read


@pytest.mark.ui
@pytest.mark.parametrize("rows", [2, 3])
def test_no_row_of_the_aisle_before_stands_over_another(glass: Glass, rows: int) -> None:
    """Beneath the ticker four rows of rectangles serve a glass of three: one is left over when a shelf begins anew."""
    frame = Frame("en", ticker=Ticker("Line 2 runs every four minutes", "en"))
    glass.put(Wall(frame, "dairy"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    shelving = screen.shelf.now
    assert shelving is not None
    assert len(shelving.rows_at(0)) < shelving.slots
    screen.scroll_to(rows * shelving.shape.h + shelving.shape.h - 14)  # some pixels of a row more
    glass.settle()
    glass.put(Wall(frame, "bakery"))
    glass.put(Wall(frame, "dairy"))  # where it was left: its rows are counted from there
    assert len(shelving.rows_at(screen.shelf.offset)) == shelving.slots

    glass.put(Wall(frame, "bakery"))

    assert screen.shelf.now is not None
    shown = [screen.shelf.facing(i) for i in screen.shelf.now.whole(0)]
    read = {code.text for code in zxingcpp.read_barcodes(glass.picture())}
    assert {f.qr for f in shown if f} == read
    assert shown


@pytest.mark.ui
def test_the_plus_adds_and_the_picture_opens(glass: Glass) -> None:
    glass.put(Wall(FULL, "dairy"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    s = screen.shelf.now
    assert s is not None
    tile, facing = s.place(1, 0), screen.shelf.facing(1)
    assert facing is not None
    add = s.shape.add.moved(tile.x, tile.y)
    glass.tap_at(add.x + 20, add.y + 20)
    assert glass.sent(Add) == [Add(facing.gtin, facing.facing)]
    glass.tap_at(tile.x + 100, tile.y + 100)
    assert glass.sent(OpenProduct) == [OpenProduct(facing.gtin, facing.facing)]
    assert len(glass.sent(Touch)) == 2


@pytest.mark.ui
def test_what_is_sold_out_opens_instead_of_adding(glass: Glass) -> None:
    glass.put(Wall(FULL, "bakery"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    s = screen.shelf.now
    assert s is not None
    screen.shelf.scroll(8 // s.columns * s.shape.h)
    tile = s.place(8, screen.shelf.offset)
    add = s.shape.add.moved(tile.x, tile.y)
    glass.tap_at(add.x + 20, add.y + 20)
    assert not glass.sent(Add)
    assert [type(i) for i in glass.sent(OpenProduct)] == [OpenProduct]


@pytest.mark.ui
def test_a_press_is_marked_before_it_is_lifted_and_unmarked_when_it_becomes_a_drag(glass: Glass) -> None:
    glass.put(Wall(FULL, "dairy"))

    def marked() -> bool:
        return glass.program.stage._mark.on

    glass.finger("down", 200, 400)
    assert marked()
    glass.finger("move", 200, 300)
    assert not marked()
    glass.finger("up", 200, 300)
    assert not glass.sent(OpenProduct)


@pytest.mark.ui
def test_a_fling_glides_and_what_was_seen_is_told(glass: Glass) -> None:
    glass.put(Wall(Frame("de"), "dairy"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    screen._since = 0.0 if screen._since is None else screen._since - 2.0  # stood still for two seconds more
    glass.finger("down", 500, 1400)
    for y in range(1380, 500, -40):
        glass.program.touch("move", 500, y)
    glass.program.touch("up", 500, 500)
    glass.program.loop.turn()
    assert screen.scroller.moving
    glass.turn_until(lambda: not screen.scroller.moving, "the glide to end")
    glass.settle()
    assert screen.shelf.offset > 800
    assert not glass.sent(OpenProduct)
    first = glass.sent(Seen)[0]
    assert isinstance(first, Seen)
    assert [n for n, _ms in first.facings][:3] == [1, 2, 3]
    assert all(ms >= 2000 for _n, ms in first.facings)


@pytest.mark.ui
def test_a_hand_that_leans_on_the_glass_or_whose_leaving_was_lost_holds_up_nobody(glass: Glass) -> None:
    glass.put(Wall(FULL, "dairy"))
    stage = glass.program.stage
    screen = stage.screen
    assert isinstance(screen, WallScreen)
    view = screen.shelf.now.viewport if screen.shelf.now else Rect(0, 0, 1, 1)
    glass.finger("down", view.x + 100, view.y + 100)
    glass.program._finger = None  # the panel forgets it: it never goes up
    glass.tap("basket")
    assert not glass.sent(OpenBasket), "two fingers at once are one"
    stage.rest = 0.0
    try:
        glass.tap("basket")
    finally:
        stage.rest = REST
    assert glass.sent(OpenBasket) == [OpenBasket()]
    assert not glass.sent(OpenProduct)
    assert not screen.scroller.dragging


@pytest.mark.ui
def test_every_control_says_what_it_is_for(glass: Glass) -> None:
    glass.put(Wall(FULL, "dairy"))
    for key in ("aisle-fruit", "language-zh", "basket", "pay", "reach"):
        glass.tap(key)
    said = [i for i in glass.room.sent if not isinstance(i, Touch | Seen)]
    assert said == [OpenAisle("fruit"), SetLanguage("zh"), OpenBasket(), Checkout(), SetReach(True)]


@pytest.mark.ui
def test_an_empty_basket_cannot_be_paid(glass: Glass) -> None:
    glass.put(Wall(Frame("en"), "dairy"))
    assert "pay" not in {node.key for node in glass.program.stage.nodes}
    glass.tap("code")  # its place is for who comes with a code
    assert not glass.sent(Checkout)
    assert glass.sent(EnterCode) == [EnterCode()]


@pytest.mark.ui
def test_twenty_thousand_facings_take_no_more_than_two_hundred(glass: Glass) -> None:
    glass.room.shop = make_shop(20_000)
    glass.put(Wall(Frame("en"), "dairy"))
    screen, stage = glass.program.stage.screen, glass.program.stage
    assert isinstance(screen, WallScreen)
    s = screen.shelf.now
    assert s is not None
    for offset in itertools.chain(range(0, s.limit, s.limit // 40), [s.limit]):
        screen.shelf.scroll(offset)
        glass.program.loop.turn()
    glass.settle()
    assert screen.shelf.facing(19_999) is not None
    tile = s.place(19_999, screen.shelf.offset)
    picture = glass.picture().crop((tile.x, tile.y, tile.right, tile.bottom))
    found = zxingcpp.read_barcodes(picture)
    assert [c.text[-6:] for c in found] == [".20000"]
    assert stage.cache.bytes <= stage.cache.limit + 4 * s.shape.w * s.shape.h
    assert len(stage.shelves._pages) <= 32


@pytest.mark.ui
def test_an_agent_that_is_away_leaves_bare_shelves_and_comes_back(glass: Glass) -> None:
    glass.room.away = True
    glass.room.put(Wall(Frame("en"), "frozen"))
    stage = glass.program.stage
    glass.turn_until(lambda: any(n.key == "basket" for n in stage.nodes), "the controls")
    assert "basket" in {n.key for n in stage.nodes}
    screen = stage.screen
    assert isinstance(screen, WallScreen)
    assert not screen.ready
    glass.room.away = False
    glass.settle()
    assert screen.shelf.facing(0) is not None


@pytest.mark.ui
def test_a_price_that_changes_by_itself_changes_on_the_glass_and_no_tile_goes_bare(glass: Glass) -> None:
    glass.room.shop = structs.replace(glass.room.shop, version="with a sale")
    glass.room.fresh_ms = 300
    glass.put(Wall(Frame("en"), "household"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    shelf, made, bare = screen.shelf, glass.room.facing, [0]
    new = Money(7, "EUR")
    glass.room.facing = lambda *place: structs.replace(made(*place), price=new)

    def changed() -> bool:
        bare[0] += sum(keys[0] is None for _, keys in shelf._filled.values())
        facing = shelf.facing(0)
        return facing is not None and facing.price == new and shelf.ready

    try:
        assert not changed()
        glass.turn_until(changed, "the new price")
        assert bare == [0]
    finally:
        glass.room.facing, glass.room.fresh_ms = made, 0


@pytest.mark.ui
def test_the_next_person_begins_at_the_top(glass: Glass) -> None:
    glass.put(Wall(Frame("en"), "dairy"))
    screen = glass.program.stage.screen
    assert isinstance(screen, WallScreen)
    screen.scroller.place(900, 10_000)
    screen.shelf.scroll(900)
    glass.put(Wall(Frame("en"), "bakery"))
    glass.put(Wall(Frame("en"), "dairy"))
    assert screen.shelf.offset == 900
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.put(Wall(Frame("en"), "dairy"))
    assert screen.shelf.offset == 0
