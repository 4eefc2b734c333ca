"""Alerts on the way out: a line that takes few at a time, sets too large for the wire, versions from a wrong clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from content.alerts import Alert, AlertSet, Wording, fitting, read_alerts
from fleet.clock import now_ms
from fleet.emergency.cap import read_cap
from fleet.emergency.desk import Emergencies
from fleet.emergency.placing import NotForWalls, id_of
from fleet.live import Hub
from fleet.store.store import Store
from mqtt.commands import Alerts, AlertState
from mqtt.messages import Message, Presence, encode
from mqtt.topics import Address
from tests.fleet.test_cap import cap, info
from tests.servers import wait_until
from tests.stores import store_url

WALLS = [Address("demo", "central", f"K{number}") for number in range(7)]


class NarrowLine:
    """Takes messages while it has room."""

    def __init__(self) -> None:
        self.room = 0
        self.said: dict[str, list[AlertSet]] = {}
        self._lock = threading.Lock()

    def send(self, address: Address, message: Message, _expires_s: int | None = None) -> bool:
        with self._lock:
            if self.room <= 0:
                return False
            self.room -= 1
            assert isinstance(message, Alerts)
            self.said.setdefault(str(address), []).append(read_alerts(message.body))
            return True


class Desk:
    def __init__(self, folder: Path) -> None:
        self.store = Store(store_url(folder / "fleet.db"))
        self.line, self.ahead_ms = NarrowLine(), 0
        self.desk = Emergencies(
            self.store,
            self.line.send,
            Hub(),
            lambda: now_ms() + self.ahead_ms,
            Ed25519PrivateKey.generate(),
            cap_kiosks=str(WALLS[0]),
            patience_s=0.05,
        )
        self.desk.start()

    def newest(self, wall: Address = WALLS[0]) -> AlertSet:
        return self.line.said[str(wall)][-1]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    yield one
    one.desk.close()
    one.store.close()


def long_one(number: int, severity: str = "moderate") -> Alert:
    text = "火" * 1_200
    words = {f"zh-x{n}": Wording(f"{number}", text, text) for n in range(12)}
    return Alert(id=f"A{number}", words=words, severity=severity)  # type: ignore[arg-type]


def test_a_line_with_little_room_gets_every_wall_in_the_end(made: Desk) -> None:
    made.line.room = 3
    made.desk.send(Alert(id="fire", words={"en": Wording("Leave")}), WALLS, "ada", "smoke")
    assert len(made.line.said) == 3
    made.line.room = 100
    wait_until(lambda: len(made.line.said) == len(WALLS), "the rest to be told, though no kiosk came back")
    assert made.desk.clear("*", "ada", "over") == ["fire"]
    assert [made.newest(wall).alerts for wall in WALLS] == [()] * len(WALLS)


def test_alerts_too_long_for_one_message_leave_out_the_least_grave(made: Desk) -> None:
    made.line.room = 1_000
    made.desk.send(long_one(1), WALLS, "ada", "a flood")
    made.desk.send(long_one(2, "minor"), WALLS, "ada", "a storm")
    made.desk.send(long_one(3, "extreme"), WALLS[:1], "ada", "a fire")
    assert [one.id for one in made.newest().alerts] == ["A3"]
    assert [one.id for one in made.newest(WALLS[1]).alerts] == ["A1"]
    assert made.desk.counters["left-out"] > 0
    made.desk.clear("A3", "ada", "out")
    assert [one.id for one in made.newest().alerts] == ["A1"], "what waited has its turn"
    assert len(fitting([long_one(number) for number in range(9)])) == 1


def older(made: Desk, version: int) -> None:
    said = AlertState(id="", state="refused", wall_ms=1, version=version, reason="older")
    made.desk.heard(WALLS[0], encode(said))


def test_a_set_from_a_clock_that_was_ahead_does_not_silence_the_next(made: Desk) -> None:
    made.line.room = 1_000
    made.desk.send(Alert(id="fire", words={"en": Wording("Leave")}), WALLS, "ada", "smoke")
    ahead = now_ms() + 400 * 86_400_000
    older(made, ahead)
    wait_until(lambda: made.newest().version > ahead, "the set to be said above what the kiosk has")
    assert [one.id for one in made.newest().alerts] == ["fire"]
    made.desk.clear("*", "ada", "over")
    assert made.newest().version > ahead
    assert made.newest(WALLS[1]).version < ahead, "other walls are as they were"


def test_what_the_station_has_said_since_is_not_overruled_by_old_news(made: Desk) -> None:
    made.line.room = 1_000
    made.desk.send(Alert(id="fire", words={"en": Wording("Leave")}), WALLS[:1], "ada", "smoke")
    said = made.newest().version
    made.ahead_ms = 3_600_000
    older(made, said + 10_000)
    made.desk.appeared(WALLS[0])
    wait_until(lambda: len(made.line.said[str(WALLS[0])]) == 2, "the kiosk to be told what stood")
    assert made.newest().version == said
    assert made.desk.counters["overtaken"] == 0


ABOUT = "<references>w@met.example,A1,2026-11-22T12:00:00+01:00</references>"
STORM = info().replace("2026-11-22T14", "2099-11-22T14")


def test_a_message_ends_those_of_its_own_sender_alone(made: Desk) -> None:
    made.line.room = 1_000
    kiosk = str(WALLS[0])
    made.store.presence(kiosk, Presence(state="ready", boot="b", since_ms=1), now_ms())
    made.desk.take(read_cap(cap(STORM)), "met", kiosk)
    stranger = cap("", id="X1", kind="Cancel", references=ABOUT).replace(b"<sender>w@", b"<sender>x@")
    with pytest.raises(NotForWalls, match="nothing of it stands"):
        made.desk.take(read_cap(stranger), "stranger", kiosk)
    update = cap(STORM, id="X2", kind="Update", references=ABOUT).replace(b"<sender>w@", b"<sender>x@")
    made.desk.take(read_cap(update), "stranger", kiosk)
    assert {one.id for one in made.newest().alerts} == {
        id_of("w@met.example", "A1"),
        id_of("x@met.example", "X2"),
    }
    made.desk.take(read_cap(cap("", id="A2", kind="Cancel", references=ABOUT)), "met", kiosk)
    assert {one.id for one in made.newest().alerts} == {id_of("x@met.example", "X2")}


def test_a_cancel_that_comes_before_its_alert_counts(made: Desk) -> None:
    """A feed lists the newest first."""
    with pytest.raises(NotForWalls, match="nothing of it stands"):
        made.desk.take(read_cap(cap("", id="A2", kind="Cancel", references=ABOUT)), "met", str(WALLS[0]))
    with pytest.raises(NotForWalls, match="a later message has ended it"):
        made.desk.take(read_cap(cap(STORM)), "met", str(WALLS[0]))
    assert not made.desk.latest()
