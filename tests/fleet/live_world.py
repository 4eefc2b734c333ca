"""A desk for live changes with a database, a line that remembers, and a hand on the clock."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from content.live_changes import LiveSet, read_set
from content.signing import key_id, public_bytes, verify
from content.store import AnyStore
from fleet.live import Hub
from fleet.live_changes.composing import Given
from fleet.live_changes.desk import LiveDesk
from fleet.operating.desired import Desires
from fleet.store.store import Store
from mqtt.commands import LiveChanges, Reported, Running
from mqtt.messages import Message, Presence
from mqtt.topics import Address
from tests.servers import wait_until

NOW = 1_795_348_800_000


class Office:
    """One fleet's desk, begun with `start`."""

    def __init__(self, url: str, published: AnyStore | None = None, *, keyed: bool = True) -> None:
        self.now, self.up, self.room = NOW, True, 10**9
        self.sent: list[tuple[str, LiveChanges]] = []
        self.store, self.key = Store(url), Ed25519PrivateKey.generate()
        self.groups: dict[str, frozenset[str]] = {}
        self._published, self._keyed = published, keyed
        self.desk = self._made()

    def _made(self) -> LiveDesk:
        published = self._published
        return LiveDesk(
            self.store, self.send, lambda: self.up, Hub(), lambda: self.now, self.key if self._keyed else None,
            (lambda: published) if published is not None else None,
            lambda kiosk: self.groups.get(kiosk, frozenset()),
        )  # fmt: skip

    def again(self) -> None:
        """The fleet was stopped and started."""
        self.desk.close()
        self.sent.clear()
        self.desk = self._made()
        self.desk.start()

    def send(self, address: Address, message: Message, expires_s: int | None) -> bool:
        assert isinstance(message, LiveChanges)
        if not self.up or not self.room:
            self.room += 1
            return False
        self.room -= 1
        self.sent.append((str(address), message))
        return True

    def knows(self, *kiosks: str) -> None:
        for kiosk in kiosks:
            self.store.presence(kiosk, Presence(state="ready", boot="b", since_ms=1), self.now)

    def give(self, kind: str, gtin: str, scope: str = "all", **more: object) -> Given:
        wish = {"scope": scope, "gtin": gtin, "kind": kind, "who": "ada", "why": "because"} | more
        return self.desk.give(Given(**wish))  # type: ignore[arg-type]

    def says(self, kiosk: str, version: int, *faults: str, release: str = "") -> None:
        """A kiosk reports which set it obeys, and which release it runs."""
        desires = Desires(self.store, lambda *_: True, Hub(), lambda: self.now)
        said = Reported(
            version=0,
            wall_ms=self.now,
            live_version=version,
            faults=faults,
            content=Running(name=release),
        )
        desires.reported(Address(*kiosk.split("/")), said)

    def heard(self, kiosk: str) -> LiveSet | None:
        """The last set sent to a kiosk, verified as it would."""
        found = [message for name, message in self.sent if name == kiosk]
        if not found:
            return None
        last, public = found[-1], public_bytes(self.key)
        tenant = kiosk.split("/")[0]
        assert verify({key_id(public): public}, "live", tenant, last.kid, last.body, last.signature)
        said = read_set(last.body)
        assert said.kiosk == kiosk
        return said

    def hears(self, kiosk: str, *about: str) -> LiveSet:
        """Wait until a kiosk was told exactly these: "kind gtin"."""

        def told() -> bool:
            said = self.heard(kiosk)
            return said is not None and [f"{one.kind} {one.gtin}" for one in said.changes] == list(about)

        wait_until(told, f"{kiosk} to hear {about}, not {self.heard(kiosk)}")
        found = self.heard(kiosk)
        assert found is not None
        return found
