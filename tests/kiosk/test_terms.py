"""Terms on their way from the fleet to the glass, and over a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.views import Add, Checkout, ChooseMethod, Start
from mqtt.messages import Terms
from tests.kiosk.kiosks import APPLES, Kiosk
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until

KEY = "0f" * 32
TERMS = Terms(
    methods=("card", "link", "pix"), domain="id.example", link_base="https://id.example", link_key=KEY
)


def methods(kiosk: Kiosk) -> tuple[str, ...]:
    kiosk.do(Start(), Add(gtin=APPLES, facing=1), Checkout())
    return kiosk.sees(ChooseMethod).methods


def test_what_the_fleet_says_is_offered_told_and_signed(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(TERMS)
        until(lambda: kiosk.seen[-1][0].domain == "id.example")
        shop, _ = kiosk.seen[-1]
        assert shop.methods == ("card", "link")
        facing = kiosk.screen.facings("fruit", "en", 0, 1).items[0]
        assert facing.qr.startswith("HTTPS://ID.EXAMPLE/K1/1-")
        assert methods(kiosk) == ("card", "link")


def test_what_was_said_holds_after_a_restart_without_a_fleet(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(TERMS)
        until(lambda: kiosk.seen[-1][0].domain == "id.example")
    with Kiosk(tmp_path, MemoryFleet()) as kiosk:
        until(lambda: kiosk.seen[-1][0].domain == "id.example")
        assert methods(kiosk) == ("card", "link")


def test_terms_nobody_can_read_leave_the_last_ones_standing(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(TERMS)
        until(lambda: kiosk.seen[-1][0].domain == "id.example")
        kiosk.fleet.say_bytes(kiosk.config.address.terms, b'{"methods":"all"}')
        assert methods(kiosk) == ("card", "link")
        assert kiosk.seen[-1][0].domain == "id.example"
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
        db.execute("UPDATE meta SET value = 'broken' WHERE key = 'terms'")
    with Kiosk(tmp_path) as kiosk:
        assert methods(kiosk) == ("link", "epc", "card")
