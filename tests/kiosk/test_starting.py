"""The whole way in: Debian's mosquitto as broker-config makes it, a fleet over TLS, and a kiosk nobody knows yet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from fleet import tables
from kiosk.identity.identity import load_identity
from kiosk.views import Add, Attract, Checkout, Enrol, Pay, PayBy, SetLanguage, Start, Thanks
from tests.fleet.payments.sandbox_process import sandbox
from tests.kiosk.kiosks import APPLES
from tests.kiosk.until import until
from tests.letting_in import HERE, Operator, Wall
from tests.secure import SecureBroker, free_port, handshake, secure
from tests.servers import wait_until

__all__ = ["secure"]
pytestmark = pytest.mark.server


@pytest.fixture
def operator(secure: SecureBroker) -> Iterator[Operator]:
    made = Operator(secure)
    with made.fleet:
        wait_until(lambda: made.fleet.connected, "the fleet to reach the broker")
        yield made


def test_a_new_kiosk_shows_its_code_is_let_in_and_opens_its_shop(
    operator: Operator, secure: SecureBroker, tmp_path: Path
) -> None:
    wall = Wall(tmp_path / "wall", operator.fleet.url)
    with wall.on():
        wall.code()
        wall.screen.send(SetLanguage("zh"))
        until(lambda: isinstance(wall.view, Enrol) and wall.view.frame.language == "zh", "Chinese")
        operator.let_in(wall)
        wait_until(lambda: operator.state() == "ready", "the fleet to hear of it")
    wait_until(lambda: operator.state() == "closed", "the goodbye")
    with wall.on():  # the next day
        until(lambda: isinstance(wall.view, Attract), "the shop, without a code")
        assert not any(isinstance(view, Enrol) for view in wall.views)
        wait_until(lambda: operator.state() == "ready", "the fleet to hear of it")
        identity = load_identity(wall.folder / "state/identity")
        assert identity is not None
        assert handshake(secure.kiosks, identity.tls) == ""
        operator.decide("revoke")
        wait_until(lambda: (secure.folder / "kiosks.crl").stat().st_mtime > 0, "the list")
        secure.reload()  # systemd's path unit, on a real broker
        admission = operator.fleet.admission
        assert admission is not None
        wait_until(lambda: admission.book.to_end() == [], "its connection to end", 60)
        wait_until(lambda: operator.state() == "lost", "its will")
        assert handshake(secure.kiosks, identity.tls)


def test_what_an_enrolled_wall_sells_is_paid_and_stored_over_tls(
    secure: SecureBroker, tmp_path: Path
) -> None:
    """Ten minutes after it was hung: from the code on the glass to the fleet's books."""
    port = free_port()
    with sandbox(tmp_path / "bank", f"http://127.0.0.1:{port}/webhooks/sandbox") as bank:
        operator = Operator(secure, port, bank.url, tmp_path / "bank")
        with operator.fleet:
            wait_until(lambda: operator.fleet.connected, "the fleet to reach the broker")
            wall = Wall(tmp_path / "wall", operator.fleet.url)
            with wall.on():
                operator.let_in(wall)
                for intent in (Start(), Add(gtin=APPLES, facing=1, quantity=2), Checkout()):
                    wall.screen.send(intent)
                until(
                    lambda: "link" not in dict(getattr(wall.view, "off", {"link": "?"})),
                    f"a way to pay; {wall.view}",
                )
                wall.screen.send(PayBy("link"))
                until(
                    lambda: isinstance(wall.view, Pay) and wall.view.stage == "waiting",
                    f"the code; {wall.view}",
                )
                assert isinstance(wall.view, Pay)
                pressed = httpx.post(
                    wall.view.payload, data={"answer": "pay"}, headers=HERE | {"origin": bank.url}
                )
                assert pressed.is_redirect
                until(lambda: isinstance(wall.view, Thanks), f"the thanks; {wall.view}")
                sold = select(tables.sales.c.kiosk, tables.sales.c.total_minor)

                def books() -> list[tuple[str, int]]:
                    with operator.fleet.store.read() as connection:
                        return [tuple(row) for row in connection.execute(sold)]

                wait_until(books, "the sale in the fleet's books")
                assert books() == [("acme/north/K1", 498)]


def test_a_copied_card_is_noticed_while_both_live(operator: Operator, tmp_path: Path) -> None:
    """A technician's thief: the same card in two boards. One name, one certificate, two sessions by turns."""
    wall = Wall(tmp_path / "wall", operator.fleet.url)
    with wall.on():
        operator.let_in(wall)
    shutil.copytree(wall.folder, tmp_path / "copy")
    copy = Wall(tmp_path / "copy", operator.fleet.url)
    watch = operator.fleet.watch
    with wall.on():
        wait_until(lambda: operator.state() == "ready", "the wall")
        assert watch.open() == [], "one device under its name"
        with copy.on():
            wait_until(watch.open, "the suspicion", 120)
    (found,) = watch.open()
    assert found.kiosk == "acme/north/K1"
