"""A device on its way into a fleet: the fleet's own desk answers, as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from kiosk.identity.enrolment import Enrolling, Enrolment, Seen
from kiosk.identity.enrolment_door import DoorClosed
from kiosk.identity.identity import load_identity
from mqtt.enrolment import APPROVED, Ask, Told
from mqtt.topics import Address
from tests.fleet.identity.asking import KIOSK, Desk
from tests.kiosk.test_identity import Cutter
from tests.kiosk.until import until


class Device:
    """A state folder, and whoever answers at the fleet's door."""

    def __init__(self, desk: Desk, state: Path) -> None:
        self.desk, self.state = desk, state
        self.answer: Callable[[Ask], Told] = lambda ask: desk.enrolments.ask(ask, "192.0.2.7")
        self.again()

    def again(self) -> None:
        """Power on."""
        self.enrolment = Enrolment(
            self.state / "enrolment",
            self.state / "identity",
            lambda ask: self.answer(ask),
            about=Ask(request=""),
        )

    @property
    def seen(self) -> Seen:
        return self.enrolment.seen

    def step(self) -> bool:
        """Ask once; whether it is somebody now."""
        return self.enrolment.step()[0] is not None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "fleet").mkdir()
    return Desk(tmp_path / "fleet")


@pytest.fixture
def device(desk: Desk, tmp_path: Path) -> Device:
    return Device(desk, tmp_path / "state")


def test_the_code_on_the_glass_is_the_one_the_operator_sees(device: Device) -> None:
    assert not device.step()
    (waits,) = device.desk.enrolments.pending()
    assert device.seen == Seen("waiting", waits.code)
    assert device.desk.enrolments.approve(waits.key_id, KIOSK, "Ana", "new") == ""
    assert device.step()
    assert device.seen.state == "welcome"
    found = load_identity(device.state / "identity")
    assert found is not None
    assert (found.address, found.host, found.port) == (KIOSK, "broker.example", 8883)
    assert not (device.state / "enrolment").exists()


def test_nobody_answers_and_then_somebody_does(device: Device) -> None:
    answer = device.answer

    def away(_ask: Ask) -> Told:
        raise DoorClosed("Network is unreachable")

    device.answer = away
    assert not device.step()
    assert device.seen == Seen("reaching", "", "Network is unreachable")
    device.answer = answer
    assert not device.step()
    code = device.seen.code
    assert device.seen.state == "waiting"
    device.answer = away
    assert not device.step()
    assert (device.seen.state, device.seen.code) == ("reaching", code)  # what somebody writes down stays


def test_a_restart_keeps_the_code_and_a_day_in_vain_changes_it(device: Device) -> None:
    device.step()
    code = device.seen.code
    device.again()
    device.step()
    assert device.seen.code == code
    (waits,) = device.desk.enrolments.pending()
    device.desk.now += 86_400_001
    device.desk.enrolments.ask(Ask(request=waits.request.decode()), "")  # is told that it has expired
    device.desk.now -= 86_400_001
    device.step()
    device.desk.now += 86_400_001
    device.step()
    device.step()
    assert device.seen.state == "waiting"
    assert device.seen.code != code


def test_a_rejected_device_says_why(device: Device) -> None:
    device.step()
    device.desk.enrolments.reject(device.desk.waiting(), "Ana", "serial number unknown")
    device.step()
    assert (device.seen.state, device.seen.detail) == ("rejected", "serial number unknown")


def test_another_fleet_cannot_take_over_where_one_has_answered(device: Device, tmp_path: Path) -> None:
    """Somebody gets in between after the code was shown."""
    device.step()
    code = device.seen.code
    (tmp_path / "evil").mkdir()
    evil, fleet = Desk(tmp_path / "evil"), device.answer
    device.answer = lambda ask: evil.enrolments.ask(ask, "203.0.113.1")
    device.step()
    assert "not the one that answered first" in device.seen.detail
    assert evil.enrolments.approve(evil.waiting(), Address("evil", "x", "y"), "E", "e") == ""
    device.again()  # not even after a restart
    assert not device.step()
    assert load_identity(device.state / "identity") is None
    device.answer = fleet
    device.step()
    assert device.seen.code == code


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"certificate": ""}, "not certificates"),
        ({"place": None}, "did not say as whom"),
        ({"ca": "rubbish"}, "not the one that answered first"),
    ],
)
def test_an_approval_that_is_not_whole_is_refused_and_asked_for_again(
    device: Device, change: dict[str, object], why: str
) -> None:
    device.step()
    assert device.desk.enrolments.approve(device.desk.waiting(), KIOSK, "Ana", "new") == ""
    whole = device.answer
    device.answer = lambda ask: structs.replace(whole(ask), **change)
    assert not device.step()
    assert why in device.seen.detail
    device.answer = whole
    assert device.step()


def test_anothers_certificate_is_refused(device: Device) -> None:
    device.step()
    assert device.desk.enrolments.approve(device.desk.waiting(), KIOSK, "Ana", "new") == ""
    other = device.desk.let_in(Address("acme", "north", "K9"))
    theirs, whole = device.desk.ask(other).certificate, device.answer
    device.answer = lambda ask: structs.replace(whole(ask), certificate=theirs)
    assert not device.step()
    assert "for another key" in device.seen.detail


def test_power_cuts_at_every_write_only_mean_asking_again(desk: Desk, tmp_path: Path, cutter: Cutter) -> None:
    """From the first start to the identity, with the power going at every call that touches the kiosk's disk."""

    def let_in() -> None:
        for waits in desk.enrolments.pending():
            desk.enrolments.approve(waits.key_id, KIOSK, "Ana", "new", replace=True)

    number, last = 1, False
    while not last:
        state, now = tmp_path / f"state{number}", number

        def life(state: Path = state) -> None:
            device = Device(desk, state)
            whole = device.answer
            device.answer = lambda ask: cutter.apart(lambda: whole(ask))
            device.step()
            cutter.apart(let_in)
            device.step()

        desk.now += 60_000
        last = not cutter.at(now, life)
        if load_identity(state / "identity") is None:
            again = Device(desk, state)
            if not again.step():
                let_in()
                assert again.step()
        found = load_identity(state / "identity")
        assert found is not None
        assert found.address == KIOSK
        number += 1
    assert number > 15


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    return Cutter()


def test_the_thread_asks_until_it_is_somebody(device: Device) -> None:
    seen: list[Seen] = []
    came: list[object] = []
    whole = device.answer
    device.answer = lambda ask: structs.replace(whole(ask), poll_s=0)
    enrolling = Enrolling(device.enrolment, seen.append, came.append)
    enrolling.start()
    until(lambda: device.desk.enrolments.pending(), "it asks")
    device.desk.enrolments.approve(device.desk.waiting(), KIOSK, "Ana", "new")
    until(lambda: came, "it is let in")
    assert seen[0].state == "reaching"
    assert seen[-1].state == "welcome"
    enrolling.stop()


def test_a_fleet_that_says_approved_at_once_still_gives_a_whole_certificate(device: Device) -> None:
    told = Told(state=APPROVED, ca=device.desk.authority.ca_pem.decode(), at_ms=0, poll_s=1)
    device.answer = lambda _ask: told
    assert not device.step()
    assert load_identity(device.state / "identity") is None
