"""Kiosks that ask to be let in: what a person sees, what is decided, and what strangers cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from fleet.identity.authority import BadRequest
from fleet.identity.enrolments import DAY_MS, KEPT_MS, NEW, SHARE, SILENT_MS
from kiosk.identity.identity import make_key, request_of
from mqtt.enrolment import APPROVED, BUSY, EXPIRED, PENDING, REJECTED, Ask, code_of
from mqtt.messages import Presence
from mqtt.topics import Address
from tests.fleet.identity.asking import KIOSK, MOST, Desk

OTHER = Address("acme", "south", "K2")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_kiosk_asks_is_seen_and_let_in(desk: Desk) -> None:
    key = make_key()
    told = desk.ask(key)
    assert (told.state, told.at_ms, told.certificate) == (PENDING, desk.now, "")
    (seen,) = desk.enrolments.pending()
    assert (seen.code, seen.board, seen.source) == (desk.code(key), "Raspberry Pi 5", "192.0.2.7")
    assert desk.enrolments.approve(seen.key_id, KIOSK, "Ana", "hung today") == ""
    told = desk.ask(key)
    assert told.state == APPROVED
    assert told.place is not None
    assert (told.place.kiosk, told.place.host, told.place.port) == ("K1", "broker.example", 8883)
    leaf = x509.load_pem_x509_certificates(told.certificate.encode())[0]
    assert leaf.subject.rfc4514_string() == f"CN={KIOSK}"
    (kept,) = desk.book.latest()
    assert (kept.kiosk, kept.who, kept.why, kept.revoked_ms) == (str(KIOSK), "Ana", "hung today", 0)


def test_it_may_ask_again_at_any_moment_and_the_fleet_may_start_anew(desk: Desk) -> None:
    key = make_key()
    for _ in range(3):
        assert desk.ask(key).state == PENDING
        desk.again()
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "new") == ""
    first = desk.ask(key)
    desk.again()
    desk.now += 60_000
    assert desk.ask(key).certificate == first.certificate  # the answer was lost: the same again
    assert len(desk.book.latest()) == 1


def test_a_rejected_kiosk_is_told_why(desk: Desk) -> None:
    key = make_key()
    desk.ask(key)
    assert desk.enrolments.reject(desk.waiting(), "Ana", "not ours")
    told = desk.ask(key)
    assert (told.state, told.reason) == (REJECTED, "not ours")
    assert desk.enrolments.pending() == []
    desk.now += KEPT_MS + 1
    desk.enrolments.sweep()
    assert desk.ask(key).state == PENDING  # it may be looked at once more


def test_only_one_decision_counts(desk: Desk) -> None:
    desk.ask(make_key())
    waits = desk.waiting()
    assert desk.enrolments.approve(waits, KIOSK, "Ana", "new") == ""
    assert desk.enrolments.approve(waits, OTHER, "Bo", "new") == "gone"
    assert not desk.enrolments.reject(waits, "Bo", "no")
    assert desk.enrolments.approve("nobody", OTHER, "Bo", "new") == "gone"
    assert [one.kiosk for one in desk.book.latest()] == [str(KIOSK)]


def test_a_device_is_replaced_only_where_somebody_says_so(desk: Desk) -> None:
    old = desk.let_in()
    key = make_key()
    desk.ask(key)
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "swap") == "taken"
    assert desk.book.revoked() == []
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "swap", replace=True) == ""
    states = {one.why: one.revoked_why for one in desk.book.latest()}
    assert states == {"new": "replaced: swap", "swap": ""}
    assert desk.ask(old).state == REJECTED
    assert desk.ask(key).state == APPROVED


def test_a_device_that_was_away_for_months_is_not_replaced_by_a_slip(desk: Desk) -> None:
    """Its certificate has expired, but it may come back and renew: two devices would be one kiosk."""
    desk.let_in()
    desk.now += 100 * DAY_MS
    desk.ask(make_key())
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "new") == "taken"
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "new", replace=True) == ""
    assert [one.revoked_why for one in desk.book.latest()] == ["", "replaced: new"]


def test_a_kiosk_that_is_alive_without_a_certificate_is_not_pushed_aside(desk: Desk) -> None:
    desk.store.presence(str(KIOSK), Presence(state="selling", boot="b", since_ms=1), desk.now)
    desk.ask(make_key())
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "new") == "taken"
    desk.store.presence(str(KIOSK), Presence(state="lost", boot="b", since_ms=1), desk.now)
    assert desk.enrolments.approve(desk.waiting(), KIOSK, "Ana", "new") == ""


def test_who_is_silent_is_forgotten_and_who_asks_for_a_day_makes_a_new_key(desk: Desk) -> None:
    quiet, patient = make_key(), make_key()
    desk.ask(quiet)
    for _ in range(DAY_MS // (SILENT_MS // 2) + 1):
        assert desk.ask(patient).state == PENDING
        desk.now += SILENT_MS // 2
    assert [one.code for one in desk.enrolments.pending()] == [desk.code(patient)]
    assert desk.ask(patient).state == EXPIRED
    assert desk.enrolments.pending() == []
    assert desk.ask(make_key()).state == PENDING


def test_a_flood_is_bounded_and_leaves_by_itself(desk: Desk) -> None:
    keys = [make_key() for _ in range(int(NEW.burst) + 5)]
    states = [desk.ask(key, f"198.51.100.{i}").state for i, key in enumerate(keys)]
    assert states == [PENDING] * int(NEW.burst) + [BUSY] * 5
    first = keys[0]
    desk.now += 60_000
    assert [desk.ask(make_key()).state for _ in range(MOST - int(NEW.burst) + 1)][-2:] == [PENDING, BUSY]
    assert desk.ask(make_key()).state == BUSY
    assert desk.ask(first).state == PENDING  # who is on the list stays on it
    desk.now += SILENT_MS + 1
    assert desk.ask(make_key()).state == PENDING


def test_a_flood_from_one_address_keeps_nobody_else_out(desk: Desk) -> None:
    states = [desk.ask(make_key(), "198.51.100.66").state for _ in range(MOST)]
    assert states == [PENDING] * (MOST // SHARE) + [BUSY] * (MOST - MOST // SHARE)
    assert desk.ask(make_key(), "192.0.2.7").state == PENDING


@pytest.mark.parametrize("serial", ["\0", "f" * 39, "F" * 40, "f" * 4000])
def test_what_is_no_serial_never_comes_to_the_database(desk: Desk, serial: str) -> None:
    request = request_of(make_key(), "K1").decode()
    with pytest.raises(BadRequest, match="40 hexadecimal digits"):
        desk.enrolments.ask(Ask(request=request, renews=serial, proof="00"), "192.0.2.7")


def test_what_is_no_request_is_refused(desk: Desk) -> None:
    for text in ("", "hello", "-----BEGIN CERTIFICATE REQUEST-----\n", "x" * 10_000):
        with pytest.raises(BadRequest):
            desk.enrolments.ask(Ask(request=text), "192.0.2.7")
    assert desk.enrolments.pending() == []


def test_what_a_stranger_says_of_himself_is_cut_to_one_printable_line(desk: Desk) -> None:
    desk.ask(make_key(), board="<b>Pi</b>\n\x1b[31m" + "x" * 500)
    (seen,) = desk.enrolments.pending()
    assert seen.board == ("<b>Pi</b>[31m" + "x" * 500)[:80]


def test_a_code_is_of_this_key_and_this_fleet(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
    one, other, key = Desk(tmp_path / "a"), Desk(tmp_path / "b"), make_key()
    assert one.code(key) == one.code(key)
    assert one.code(key) != other.code(key)
    assert one.code(key) != one.code(make_key())
    assert code_of(b"key", b"root") == "VQKQ-1M76"
