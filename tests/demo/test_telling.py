"""What the demo page says in words: codes on the glass, events of the kiosk, commands that cannot work."""

from __future__ import annotations

from typing import Any

from kiosk.demo.happenings import Happenings, read
from kiosk.demo.names import Names, explain
from mqtt.messages import AdvertPlayed, Batch, Engaged, Presence, Scanned, encode

NAMES = Names({"09521100100113": "Gala apples"}, {"fruit-veg": "Fruit & vegetables"})
FLEET, BANK = "http://127.0.0.1:8481", "http://127.0.0.1:8482"
STAMP: dict[str, Any] = {
    "epoch": "e", "seq": 1, "wall_ms": 1_795_355_603_169, "mono_ms": 5, "boot": "b", "clock": "synced",
}  # fmt: skip


def test_a_facing_leads_to_the_phone_s_page() -> None:
    code = "HTTP://127.0.0.1:8481/K1/1/01/09521100100113"
    told = explain(code, NAMES, FLEET, BANK)
    assert (told.title, told.href) == ("Gala apples: buy it on a phone", code)


def test_a_basket_leads_to_the_phone_s_page() -> None:
    code = "HTTP://127.0.0.1:8481/K1/0-0123456789ABCDEF/B/9521100100110154"
    told = explain(code, NAMES, FLEET, BANK)
    assert (told.title, told.href) == ("This basket: take it along on a phone", code)


def test_a_payment_link_leads_to_the_bank() -> None:
    told = explain(f"{BANK}/pay/ch_1", NAMES, FLEET, BANK)
    assert told.href == f"{BANK}/pay/ch_1"
    assert "pay" in told.title


def test_a_transfer_s_code_goes_into_the_bank_app() -> None:
    told = explain("BCD\n002\n1\nSCT", NAMES, FLEET, BANK)
    assert told.href == f"{BANK}/?code=BCD%0A002%0A1%0ASCT"


def test_what_is_neither_is_shown_and_leads_nowhere_dangerous() -> None:
    assert explain(f"{FLEET}/K1/0-0TOKEN/shop", NAMES, FLEET, BANK).title == "The shop, from this wall"
    assert explain("javascript:alert(1)", NAMES, FLEET, BANK).href == ""


def test_events_are_told_in_words_and_what_has_none_by_its_own_name() -> None:
    batch = Batch(
        events=(
            Engaged(what="add", detail="09521100100113", facing=1, **STAMP),
            Engaged(what="aisle", detail="fruit-veg", **STAMP),
            Engaged(what="start", **STAMP),
            Engaged(what="waves", detail="twice", **STAMP),
            Scanned(kind="gtin", outcome="product", gtin="09521100100113", **STAMP),
            AdvertPlayed(advert="dinner", shown_ms=8_040, **STAMP),
        )
    )
    assert [item["title"] for item in read("endcap/1/t/s/k/up/ev", encode(batch), NAMES)] == [
        "Takes Gala apples",
        "Goes to the aisle Fruit & vegetables",
        "Somebody comes to the wall",
        "waves twice",
        "Scans Gala apples",
        "Showed the advert “dinner”",
    ]


def test_what_is_not_of_the_contract_is_told_too() -> None:
    (item,) = read("endcap/1/t/s/k/up/ev", b"{", NAMES)
    assert item["kind"] == "bad"


def test_the_glass_is_told_by_what_it_shows() -> None:
    news = Happenings()
    news.on_message("t/state", encode(Presence(state="selling", boot="b", since_ms=1, view="pay")))
    news.on_message("t/state", encode(Presence(state="lost", boot="b", since_ms=1)))
    titles = [item["title"] for _, item in news.after(0, 0.0)]
    assert titles == ["The glass shows a payment", "The kiosk is lost"]
