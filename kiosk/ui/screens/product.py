"""One product large: its picture on the shelf, price, code to buy it with a phone, facts, and how many are in the basket."""

from __future__ import annotations

from content.model import text_in
from kiosk.ui.facing import sold_out_words
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.paint import code_side
from kiosk.ui.screens import chrome
from kiosk.ui.screens.product_art import CodeSheet, Count, Hero, NameSheet, name_sheet
from kiosk.ui.screens.product_facts import FactSheet, fact_sheet
from kiosk.ui.theme import Theme
from kiosk.ui.words import Words
from kiosk.views import Add, Back, OpenBasket, ProductDetail, SetQuantity, Shop

CODE_DISTANCE = 1500  # mm from which a phone reads the product's code here


class ProductScreen(chrome.PurchaseScreen):
    """See the module."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)


def layout(theme: Theme, w: Words, shop: Shop, view: ProductDetail) -> list[Node]:
    """The product's nodes."""
    head = chrome.header_rect(theme)
    rows = 2 if theme.portrait else 1
    foot = chrome.footer_rect(theme, rows)
    room = Rect(0, head.bottom, theme.width, foot.y - head.bottom)
    nodes = [chrome.header(theme, w, shop, text_in(shop.names, w.language), "basket")]
    names = name_sheet(theme, w, view)
    facts = fact_sheet(theme, w, view)
    nodes += _portrait(theme, w, view, room, names, facts) if theme.portrait else (
        _landscape(theme, w, view, room, names, facts))  # fmt: skip
    nodes += _controls(theme, w, view, rows)
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _portrait(
    theme: Theme, w: Words, view: ProductDetail, room: Rect, names: NameSheet, facts: FactSheet
) -> list[Node]:
    """The picture takes what the facts leave, between a third and half of the room."""
    width, name_height = room.w - 2 * theme.pad, theme.px(200)
    spare = room.h - name_height - 2 * theme.gap - facts.height_for(width)
    hero = Rect(0, room.y, room.w, min(max(spare, round(room.h * 0.34)), round(room.h * 0.5)))
    name = Rect(theme.pad, hero.bottom + theme.gap, width, name_height)
    sheet = Rect(theme.pad, name.bottom + theme.gap, name.w, room.bottom - name.bottom - theme.gap)
    return [
        *_hero(theme, w, view, hero),
        Node("name", name, names),
        Node("facts", sheet, facts),
    ]


def _landscape(
    theme: Theme, w: Words, view: ProductDetail, room: Rect, names: NameSheet, facts: FactSheet
) -> list[Node]:
    left, right = chrome.shares(room, (47, 53), 0)
    name_height = theme.px(200)
    hero = Rect(left.x, left.y, left.w, left.h - name_height - theme.gap)
    name = Rect(theme.pad, hero.bottom + theme.gap, left.w - theme.pad, name_height)
    sheet = Rect(right.x + theme.pad, right.y + theme.pad, right.w - 2 * theme.pad, right.h - theme.pad)
    return [
        *_hero(theme, w, view, hero),
        Node("name", name, names),
        Node("facts", sheet, facts),
    ]


def _hero(theme: Theme, w: Words, view: ProductDetail, place: Rect) -> list[Node]:
    """The picture on its shelf, and at the end side the code for phones that fits beside it."""
    art = Hero(view.facing, w.language, theme.text, theme.px(30))
    nodes = [Node("hero", place, art)]
    link = view.facing.qr
    if not link or not view.facing.available:
        return nodes
    module = theme.module(CODE_DISTANCE)
    caption = theme.px(52)
    while module > 2 and code_side(link, module) > min(place.h - caption - 2 * theme.pad, place.w * 0.4):
        module -= 1
    side = code_side(link, module)
    x, y = place.right - side - theme.pad, place.y + (place.h - side - caption) // 2
    nodes.append(Node("code-sheet", Rect(x, y, side, side + caption), CodeSheet(w("product.phone"), w.language, link, module, theme.text, theme.radius)))  # fmt: skip
    return nodes


def _controls(theme: Theme, w: Words, view: ProductDetail, rows: int) -> list[Node]:
    frame = view.frame
    lines = chrome.footer_rows(theme, rows)
    basket = frame.basket_count > 0 and frame.basket_total is not None
    if rows == 2:
        buy = lines[0]
        globe, back, go = chrome.shares(lines[1], (-theme.button, 1, 1.5), theme.gap)
        if not basket:
            back = Rect(back.x, back.y, go.right - back.x, back.h)
    elif basket:
        globe, back, buy, go = chrome.shares(lines[0], (-theme.button, 0.8, 1.3, 1.1), theme.gap)
    else:
        globe, back, buy = chrome.shares(lines[0], (-theme.button, 0.8, 2.4), theme.gap)
        go = buy
    nodes = [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("product.back"), Back(), "secondary", "left"),
        *_buy(theme, w, view, buy),
    ]
    if basket:
        assert frame.basket_total is not None
        text = f"{w('wall.basket')} · {w.money(frame.basket_total)}"
        nodes.append(chrome.button(theme, w, "basket", go, text, OpenBasket(), "primary", "basket"))
    return nodes


def _buy(theme: Theme, w: Words, view: ProductDetail, row: Rect) -> list[Node]:
    """ "Add to basket", or how many there are with a step down and a step up."""
    facing, quantity = view.facing, view.quantity
    if not facing.available and not quantity:
        return [chrome.button(theme, w, "add", row, sold_out_words(facing, w), None, "off")]
    if not quantity:
        text = f"{w('product.add')} · {w.money(facing.price)}"
        return [
            chrome.button(theme, w, "add", row, text, Add(facing.gtin, facing.facing, 1), "action", "plus")
        ]
    step = max(theme.button, round(row.w * 0.2))
    less, middle, more = chrome.shares(row, (-step, 1, -step), theme.gap)
    return [
        chrome.button(theme, w, "less", less, "", SetQuantity(facing.gtin, quantity - 1), "secondary",
                      "bin" if quantity == 1 else "minus"),
        Node("quantity", middle, Count(w.count("product.in-basket", quantity), w.language, theme.heading, theme.text,
             theme.radius)),
        chrome.button(theme, w, "more", more, "", Add(facing.gtin, facing.facing, 1) if facing.available else None,
                      "action" if facing.available else "off", "plus"),
    ]  # fmt: skip
