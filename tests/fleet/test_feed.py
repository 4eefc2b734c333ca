"""What the operator reads as it happens: plain words, products and aisles by their names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import kiosk.core
from content.memory import MemoryStore
from fleet.claims.claims import DECIDING, PAYING, READY, REFUNDED, REFUNDING, UNPAID
from fleet.claims.handovers import GIVEN_BACK
from fleet.payments.book import HANDED_OVER
from fleet.web import feed
from tests.phone_shop import PRODUCTS, STORE, WINE

SHOP = MemoryStore(STORE, PRODUCTS)


def called(gtin: str, otherwise: str) -> str:
    product = SHOP.product(gtin)
    return product.names["en"] if product else otherwise


def say(what: str, detail: str = "") -> str:
    return feed.in_words({"type": "engagement", "what": what, "detail": detail}, called, SHOP)


@pytest.mark.parametrize(
    ("what", "detail", "words"),
    [
        ("add", WINE, "takes Riesling"),
        ("add", "09999999999994", "takes 09999999999994"),
        ("aisle", "fruit", "goes to the aisle Fruit"),
        ("aisle", "gone", "goes to the aisle gone"),
        ("code-told", "ready", "the code is an order ready to be fetched"),
        ("language", "ar", "reads on in Arabic"),
        ("language", "??", "reads on in ??"),
        ("pay", "epc", "chooses to pay by bank transfer"),
        ("reset", "idle", "the wall is free again: nobody was there any more"),
        ("start", "scan", "somebody comes to the wall"),
        ("tap", WINE, "takes Riesling along on a phone"),
        ("tap", "", "takes the shop along on a phone"),
        ("waves", "twice", "waves twice"),
    ],
)
def test_what_somebody_does_is_said_in_plain_words(what: str, detail: str, words: str) -> None:
    assert say(what, detail) == words


def test_a_scan_names_its_product() -> None:
    scan = {"type": "scan", "kind": "ean13", "outcome": "product", "gtin": WINE}
    assert feed.in_words(scan, called, SHOP) == "scans Riesling"
    scan |= {"outcome": "unknown", "gtin": ""}
    assert feed.in_words(scan, called, None) == "scans a code nobody knows"


def test_there_are_words_for_everything_a_wall_records() -> None:
    recorded = set()
    for path in Path(str(kiosk.core.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RecordEngagement":
                assert isinstance(node.args[0], ast.Constant)
                recorded.add(str(node.args[0].value))
    assert len(recorded) > 10
    assert [what for what in sorted(recorded) if say(what).startswith(f"{what} ") or say(what) == what] == []
    for state in (
        PAYING,
        DECIDING,
        READY,
        REFUNDING,
        REFUNDED,
        UNPAID,
        HANDED_OVER,
        GIVEN_BACK,
        "wait",
        "unknown",
        "basket",
    ):
        assert say("code-told", state) != f"the code is {state}"
