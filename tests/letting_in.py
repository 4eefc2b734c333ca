"""An operator whose fleet speaks TLS, and walls nobody knows yet: what tests of the way in share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from sqlalchemy import select

from content.store import write_store
from fleet import tables
from fleet.config import Config as FleetConfig
from fleet.serve import Fleet
from kiosk.config import load_config
from kiosk.link.link import memory_pair
from kiosk.starting import KioskProgram
from kiosk.views import Attract, Enrol, View
from tests.kiosk.kiosks import store
from tests.kiosk.until import until
from tests.secure import HOST, SecureBroker

HERE = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
PLACE = {"tenant": "acme", "site": "north", "kiosk": "K1", "who": "Ana", "why": "hung today"}


class Operator:
    """A fleet over TLS, and somebody at its page."""

    def __init__(
        self, secure: SecureBroker, port: int = 0, bank: str = "", bank_keys: Path | None = None
    ) -> None:
        tls = secure.service()
        self.config = FleetConfig(
            data=secure.data, broker_host=HOST, broker_port=secure.services, port=port, broker_ca=tls.ca,
            broker_certificate=tls.certificate, broker_key=tls.key, kiosk_broker=(HOST, secure.kiosks),
            provider_url=bank, provider_keys=bank_keys,
        )  # fmt: skip
        self.fleet = Fleet(self.config)

    def decide(self, act: str, **more: str) -> None:
        answer = httpx.post(f"{self.fleet.url}/enrolment", data=PLACE | {"act": act} | more, headers=HERE)
        assert answer.status_code == 303, answer.text

    def let_in(self, wall: Wall) -> None:
        """Compare the code on its glass with the one waiting here, and approve."""
        code = wall.code()
        assert self.fleet.admission is not None
        (waits,) = self.fleet.admission.enrolments.pending()
        assert waits.code == code
        self.decide("approve", key_id=waits.key_id)
        until(lambda: isinstance(wall.view, Attract), f"the shop; {wall.view}")

    def state(self, kiosk: str = "acme/north/K1") -> str:
        with self.fleet.store.read() as connection:
            column = tables.kiosks.c
            return str(connection.scalar(select(column.state).where(column.kiosk == kiosk)))


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
