"""A kiosk's next certificate: in time, over a new key, whole or not at all."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from fleet.identity.authority import BadRequest
from fleet.identity.book import LATEST_MS, Book, Kept
from fleet.identity.enrolments import MOST_VALID, Enrolments
from kiosk.clock.clock import SystemClock
from kiosk.identity.identity import Identity, load_identity, make_key, request_of, signed
from kiosk.identity.renewal import Renewing, due_ms, renew
from mqtt.enrolment import BUSY, REJECTED, Ask, Told
from tests.fleet.identity.asking import KIOSK, NOW, Desk
from tests.kiosk.test_enrolment import Device
from tests.kiosk.test_identity import Cutter
from tests.kiosk.until import until

DAY = 86_400_000


class Enrolled:
    """A kiosk that was let in."""

    def __init__(self, folder: Path) -> None:
        (folder / "fleet").mkdir()
        self.desk, self.state = Desk(folder / "fleet"), folder / "state"
        device = Device(self.desk, self.state)
        device.step()
        assert self.desk.enrolments.approve(self.desk.waiting(), KIOSK, "Ana", "new") == ""
        assert device.step()
        self.first = self.identity()

    def identity(self) -> Identity:
        found = load_identity(self.state / "identity")
        assert found is not None
        return found

    def ask(self, question: Ask) -> Told:
        return self.desk.enrolments.ask(question, "192.0.2.7")

    def renew(self) -> Identity | None:
        return renew(self.state / "identity", self.state / "renewal", self.ask, Ask(request=""))


@pytest.fixture
def kiosk(tmp_path: Path) -> Enrolled:
    return Enrolled(tmp_path)


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    return Cutter()


def test_it_is_due_between_two_thirds_and_a_tenth_later(kiosk: Enrolled) -> None:
    life = kiosk.first.not_after_ms - kiosk.first.not_before_ms
    share = (due_ms(kiosk.first) - kiosk.first.not_before_ms) / life
    assert 2 / 3 <= share <= 2 / 3 + 0.1


def test_a_new_key_gets_a_new_certificate_and_the_old_stays_good(kiosk: Enrolled) -> None:
    assert kiosk.first.tls.key is not None
    old = kiosk.first.tls.key.read_bytes()
    kiosk.desk.now += 60 * DAY
    renewed = kiosk.renew()
    assert renewed is not None
    assert renewed.not_after_ms == NOW + 150 * DAY
    assert renewed.address == KIOSK
    assert kiosk.first.tls.key.read_bytes() != old
    assert not (kiosk.state / "renewal").exists()
    assert [(one.who, one.revoked_ms) for one in kiosk.desk.book.latest()] == [("kiosk", 0), ("Ana", 0)]


def test_it_may_come_late_but_not_for_ever(kiosk: Enrolled) -> None:
    kiosk.desk.now = kiosk.first.not_after_ms + LATEST_MS // 2  # it stood in a cellar
    assert kiosk.renew() is not None
    kiosk.desk.now = kiosk.identity().not_after_ms + LATEST_MS + 1
    assert kiosk.renew() is None


def test_a_lost_answer_is_asked_for_again_under_the_same_key(kiosk: Enrolled) -> None:
    def lost(question: Ask) -> Told:
        kiosk.ask(question)
        raise OSError("the line broke")

    for _ in range(3):
        with pytest.raises(OSError, match="the line broke"):
            renew(kiosk.state / "identity", kiosk.state / "renewal", lost, Ask(request=""))
    assert kiosk.renew() is not None
    assert len(kiosk.desk.book.latest()) == 2


def test_a_revoked_kiosk_gets_none(kiosk: Enrolled) -> None:
    kiosk.desk.book.revoke(str(KIOSK), "Ana", "stolen")
    assert kiosk.renew() is None
    assert kiosk.identity() == kiosk.first


def test_a_kiosk_put_out_after_its_certificate_expired_gets_none(kiosk: Enrolled) -> None:
    """It was stolen from the cellar it stood in: nothing is left to come in with, but there is a key to renew with."""
    kiosk.desk.now = kiosk.first.not_after_ms + 30 * DAY
    assert kiosk.desk.book.revoke(str(KIOSK), "Ana", "stolen") == [f"{kiosk.first.serial:040x}"]
    assert kiosk.renew() is None


def test_a_card_copied_before_a_renewal_is_put_out_with_its_kiosk(kiosk: Enrolled) -> None:
    assert kiosk.first.tls.key is not None
    copied = kiosk.first.tls.key.read_bytes()
    kiosk.desk.now += 80 * DAY
    assert kiosk.renew() is not None
    kiosk.desk.now += 20 * DAY  # the copy's certificate has expired, the kiosk's has not
    assert len(kiosk.desk.book.revoke(str(KIOSK), "Ana", "copied")) == 2
    request = request_of(make_key(), "K1")
    proof = signed(copied, request).hex()
    told = kiosk.ask(Ask(request=request.decode(), renews=f"{kiosk.first.serial:040x}", proof=proof))
    assert (told.state, told.reason) == (REJECTED, "copied")


def test_a_kiosk_put_out_while_it_renews_gets_none(kiosk: Enrolled) -> None:
    class Hurried(Book):
        """Somebody puts the kiosk out between the look at its certificate and the next one."""

        def of(self, serial: str) -> Kept | None:
            found = super().of(serial)
            self.revoke(str(KIOSK), "Ana", "stolen")
            return found

    desk = kiosk.desk
    book = Hurried(desk.store, lambda: desk.now)
    desk.enrolments = Enrolments(desk.store, desk.authority, book, ("b", 8883), lambda: desk.now)
    assert kiosk.renew() is None
    assert len(book.latest()) == 1


def test_only_the_holder_of_the_key_can_renew(kiosk: Enrolled) -> None:
    """A device that was replaced, or anybody who has seen a certificate: it is public."""
    thief = make_key()
    request = request_of(thief, "K1")
    serial = f"{kiosk.first.serial:040x}"
    for renews, proof in (
        (serial, signed(thief, request).hex()), (serial, "no hex"), (serial, ""), ("f" * 40, "00"),
    ):  # fmt: skip
        with pytest.raises(BadRequest, match="the proof does not fit"):
            kiosk.ask(Ask(request=request.decode(), renews=renews, proof=proof))


def test_what_one_kiosk_can_make_us_keep_is_bounded(kiosk: Enrolled) -> None:
    assert kiosk.first.tls.key is not None
    key, serial = kiosk.first.tls.key.read_bytes(), f"{kiosk.first.serial:040x}"
    states = []
    for _ in range(MOST_VALID + 1):
        request = request_of(make_key(), "K1")
        question = Ask(request=request.decode(), renews=serial, proof=signed(key, request).hex())
        states.append(kiosk.ask(question).state)
    assert states.count(BUSY) == 2
    kiosk.desk.book.revoke(str(KIOSK), "Ana", "what is it doing?")
    assert kiosk.ask(question).state == REJECTED


def test_a_power_cut_at_any_moment_leaves_an_identity_that_works(tmp_path: Path, cutter: Cutter) -> None:
    number, last = 1, False
    while not last:
        folder = tmp_path / str(number)
        folder.mkdir()
        kiosk = Enrolled(folder)

        def asked(question: Ask, kiosk: Enrolled = kiosk) -> Told:
            told: Told = cutter.apart(lambda: kiosk.ask(question))
            return told

        paths = kiosk.state / "identity", kiosk.state / "renewal"
        last = not cutter.at(number, partial(renew, *paths, asked, Ask(request="")))
        valid = {int(one.serial, 16) for one in kiosk.desk.book.latest()}
        assert kiosk.identity().serial in valid
        assert kiosk.renew() is not None
        assert kiosk.identity().serial != kiosk.first.serial
        kiosk.desk.store.close()
        number += 1
    assert number > 12


def test_the_thread_renews_when_it_is_due(kiosk: Enrolled) -> None:
    late = Renewing(
        kiosk.state / "identity", kiosk.state / "renewal", kiosk.ask, Ask(request=""), Later(), first_s=0.0
    )
    late.start()
    until(lambda: kiosk.identity().serial != kiosk.first.serial, "the next certificate")
    late.stop()


class Later(SystemClock):
    """A clock that is right, on a day when renewal is due."""

    def __init__(self) -> None:
        super().__init__(trusted=True)

    def wall_ms(self) -> int:
        return NOW + 80 * DAY
