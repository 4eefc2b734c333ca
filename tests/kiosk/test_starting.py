"""The whole way in: Debian's mosquitto as broker-config makes it, a fleet over TLS, and a kiosk nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from content.store import write_store
from fleet import tables
from fleet.config import Config as FleetConfig
from fleet.serve import Fleet
from kiosk.config import load_config
from kiosk.identity import load_identity
from kiosk.link import memory_pair
from kiosk.starting import KioskProgram
from kiosk.views import Attract, Enrol, SetLanguage, View
from tests.kiosk.kiosks import store
from tests.kiosk.until import until
from tests.secure import HOST, SecureBroker, handshake, secure
from tests.servers import wait_until

__all__ = ["secure"]
pytestmark = pytest.mark.server
HERE = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
PLACE = {"tenant": "acme", "site": "north", "kiosk": "K1", "who": "Ana", "why": "hung today"}


class Operator:
    """A fleet over TLS, and somebody at its page."""

    def __init__(self, secure: SecureBroker, folder: Path) -> None:
        tls = secure.service()
        self.config = FleetConfig(
            data=secure.data, broker_host=HOST, broker_port=secure.services, port=0, broker_ca=tls.ca,
            broker_certificate=tls.certificate, broker_key=tls.key, kiosk_broker=(HOST, secure.kiosks),
        )  # fmt: skip
        self.fleet = Fleet(self.config)

    def decide(self, act: str, **more: str) -> None:
        answer = httpx.post(f"{self.fleet.url}/enrolment", data=PLACE | {"act": act} | more, headers=HERE)
        assert answer.status_code == 303, answer.text

    def state(self, kiosk: str = "acme/north/K1") -> str:
        with self.fleet.store.read() as connection:
            column = tables.kiosks.c
            return str(connection.scalar(select(column.state).where(column.kiosk == kiosk)))


@pytest.fixture
def operator(secure: SecureBroker, tmp_path: Path) -> Iterator[Operator]:
    made = Operator(secure, tmp_path)
    with made.fleet:
        wait_until(lambda: made.fleet.connected, "the fleet to reach the broker")
        yield made


class Wall:
    """A kiosk without a display."""

    def __init__(self, folder: Path, fleet: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.file = folder, folder / "kiosk.toml"
        self.file.write_text(
            f'trust_clock = true\n[paths]\nstore = "store"\nstate = "state"\n[enrolment]\nfleet = "{fleet}"\n'
            "[broker]\ncrowd_s = 0\n"
        )
        if not (folder / "store").exists():
            with closing(store()) as made:
                write_store(folder / "store", made.store, list(made.shelf("fruit", 0, 9)))

    @contextmanager
    def on(self) -> Iterator[Wall]:
        agent, self.screen = memory_pair()
        self.views: list[View] = []
        self.screen.listen(lambda _shop, view: self.views.append(view))
        program = KioskProgram(load_config(self.file), agent, failed=lambda: None)
        program.start()
        try:
            yield self
            assert program.error is None
        finally:
            self.screen.close()
            program.stop()

    @property
    def view(self) -> View | None:
        return self.views[-1] if self.views else None

    def code(self) -> str:
        until(lambda: isinstance(self.view, Enrol) and self.view.state == "waiting", f"a code; {self.view}")
        assert isinstance(self.view, Enrol)
        return self.view.code


def test_a_new_kiosk_shows_its_code_is_let_in_and_opens_its_shop(
    operator: Operator, secure: SecureBroker, tmp_path: Path
) -> None:
    wall = Wall(tmp_path / "wall", operator.fleet.url)
    with wall.on():
        code = wall.code()
        wall.screen.send(SetLanguage("zh"))
        until(lambda: isinstance(wall.view, Enrol) and wall.view.frame.language == "zh", "Chinese")
        assert operator.fleet.admission is not None
        (waits,) = operator.fleet.admission.enrolments.pending()
        assert waits.code == code
        operator.decide("approve", key_id=waits.key_id)
        until(lambda: isinstance(wall.view, Attract), f"the shop; {wall.view}")
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
        wait_until(lambda: admission.book.to_end() == [], "its connection to end", 60)
        wait_until(lambda: operator.state() == "lost", "its will")
        assert handshake(secure.kiosks, identity.tls)
