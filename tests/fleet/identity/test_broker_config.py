"""What a real mosquitto lets in, and whom it lets say what, run from what broker-config wrote."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fleet.identity.authority import Authority
from fleet.identity.broker_config import BadPlan, Plan, access, configuration
from mqtt.security import Tls
from mqtt.topics import Address
from tests.secure import HOST, Peer, SecureBroker, handshake, now_ms, secure
from tests.servers import wait_until

__all__ = ["secure"]
pytestmark = pytest.mark.server
A, B = Address("acme", "north", "K1"), Address("acme", "north", "K2")
DAY = 86_400_000


def test_a_kiosk_says_and_hears_its_own_and_nothing_else(secure: SecureBroker, tmp_path: Path) -> None:
    a, _ = secure.enrol(tmp_path / "a/identity", A)
    b, _ = secure.enrol(tmp_path / "b/identity", B)
    with ExitStack() as stack:
        fleet = Peer(secure.services, "fleet-line", secure.service())
        fleet.client.subscribe("k1/#")
        one, other = (Peer(secure.kiosks, str(at), who.tls) for at, who in ((A, a), (B, b)))
        for wanted in ("k1/#", B.down, B.events, "$SYS/#", A.down):
            one.client.subscribe(wanted)  # mosquitto grants what it then does not deliver
        other.client.subscribe(B.down)
        for peer in (fleet, one, other):
            stack.enter_context(peer)
            peer.up()
        refused = one.client.counters
        for topic in (B.events, B.state, B.acks, A.terms, A.acks, "k1/acme/north", "$SYS/x", "anything"):
            assert one.client.publish(topic, b"not mine")
        assert one.client.publish(A.terms, b"not mine", retain=True)
        wait_until(lambda: refused.refused_publishes == 9, "nine refusals")
        assert one.client.publish(A.events, b"mine")
        assert one.client.publish(A.state, b"here", retain=True)
        wait_until(lambda: len(fleet.heard) == 2, "what it may say")
        assert fleet.heard == [(A.events, b"mine"), (A.state, b"here")]
        assert fleet.client.publish(B.acks, b"for b")
        assert fleet.client.publish(A.acks, b"for a")
        wait_until(lambda: (A.acks, b"for a") in one.heard and other.heard, "both to hear theirs")
        assert set(one.heard) == {(A.acks, b"for a")}
        assert other.heard == [(B.acks, b"for b")]
    late = Peer(secure.services, "late", secure.service())
    late.client.subscribe("k1/#")
    with late:
        wait_until(lambda: late.heard, "what is retained")
        assert late.heard == [(A.state, b"here")]


def test_a_kiosk_cannot_be_another_by_its_client_id(secure: SecureBroker, tmp_path: Path) -> None:
    a, _ = secure.enrol(tmp_path / "a/identity", A)
    b, _ = secure.enrol(tmp_path / "b/identity", B)
    with Peer(secure.kiosks, str(B), b.tls) as victim, Peer(secure.kiosks, str(B), a.tls) as thief:
        victim.up(), thief.up()
        assert thief.client.publish(A.events, b"still a")
        wait_until(lambda: thief.client.counters.acknowledged, "an answer")
        assert thief.client.counters.refused_publishes == 0
        assert victim.ups == 1  # never thrown out


def test_who_has_no_good_certificate_stays_out(secure: SecureBroker, tmp_path: Path) -> None:
    a, _ = secure.enrol(tmp_path / "a/identity", A)
    assert handshake(secure.kiosks, a.tls) == ""
    assert handshake(secure.kiosks, None)  # plain TCP

    def older(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert handshake(secure.kiosks, a.tls, older)
    assert "unsupported protocol" in secure.log()
    assert handshake(secure.kiosks, Tls(a.tls.ca))
    assert "peer did not return a certificate" in secure.log()
    stranger = Authority(tmp_path / "stranger", now_ms())
    forged = stranger.service("serve", now_ms())
    (tmp_path / "s.pem").write_bytes(forged.chain), (tmp_path / "s.key").write_bytes(forged.key)
    theirs = Tls(a.tls.ca, tmp_path / "s.pem", tmp_path / "s.key")
    for port in (secure.kiosks, secure.services):
        assert handshake(port, theirs)
    expired, _ = secure.enrol(tmp_path / "e/identity", A, life=timedelta(days=1), at_ms=now_ms() - 3 * DAY)
    assert handshake(secure.kiosks, expired.tls)
    assert handshake(secure.services, a.tls)  # a kiosk does not come in where the fleet does
    assert handshake(secure.kiosks, secure.service())  # nor the fleet among kiosks
    assert handshake(secure.services, secure.service()) == ""


def test_a_revoked_kiosk_is_out_when_its_connection_ends_and_the_fleet_ends_it(
    secure: SecureBroker, tmp_path: Path
) -> None:
    a, issued = secure.enrol(tmp_path / "a/identity", A)
    fleet = Peer(secure.services, "fleet-line", secure.service())
    fleet.client.subscribe(A.state)
    with fleet, Peer(secure.kiosks, str(A), a.tls, will=A.state) as kiosk:
        fleet.up(), kiosk.up()
        secure.revoke(issued.serial)
        assert handshake(secure.kiosks, a.tls)
        assert kiosk.client.publish(
            A.events, b"still there"
        )  # mosquitto reads the list for who comes, not who is there
        wait_until(lambda: kiosk.client.counters.acknowledged, "an answer")
        with Peer(secure.services, str(A), secure.service()) as thrown:  # takes the session over
            thrown.up()
            wait_until(lambda: not kiosk.client.connected, "the revoked kiosk to be thrown out")
        wait_until(lambda: (A.state, b"lost") in fleet.heard, "its will")
        assert kiosk.ups == 1
        secure.revoke()  # a list without it lets it in again: the whole list is read, not only what is new
        wait_until(lambda: kiosk.ups == 2, "the kiosk to come back")


def test_a_session_ticket_does_not_outlive_a_revocation(secure: SecureBroker, tmp_path: Path) -> None:
    """Resumed, TLS would not look at the certificate again."""
    a, issued = secure.enrol(tmp_path / "a/identity", A)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(a.tls.ca)
    assert a.tls.certificate is not None
    context.load_cert_chain(a.tls.certificate, a.tls.key)

    def connect(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool]:
        with socket.create_connection((HOST, secure.kiosks), 10) as plain, context.wrap_socket(
            plain, server_hostname=HOST, session=session
        ) as wire:  # fmt: skip
            wire.sendall(bytes.fromhex("100d00044d5154540402001e000178"))
            if not wire.recv(4):
                raise ConnectionError("closed")
            return wire.session, bool(wire.session_reused)

    session, reused = connect(None)
    assert not reused
    secure.revoke(issued.serial)
    with pytest.raises(OSError, match=r"(?i)revoked|closed|reset|alert|certificate|EOF"):
        connect(session)


def test_debians_3_1_1_kiosks_are_held_to_the_same(secure: SecureBroker, tmp_path: Path) -> None:
    a, _ = secure.enrol(tmp_path / "a/identity", A)
    fleet = Peer(secure.services, "fleet-line", secure.service(), mqtt5=False)
    fleet.client.subscribe("k1/#")
    with fleet, Peer(secure.kiosks, str(A), a.tls, mqtt5=False) as kiosk:
        fleet.up(), kiosk.up()
        assert kiosk.client.publish(B.events, b"not mine")
        assert kiosk.client.publish(A.events, b"mine")
        wait_until(lambda: fleet.heard, "what it may say")
        assert fleet.heard == [(A.events, b"mine")]


def test_a_kiosk_whose_clock_is_years_off_still_knows_its_broker(
    secure: SecureBroker, tmp_path: Path
) -> None:
    """It holds the broker to one thing: not to have expired when its own certificate was made."""
    later, _ = secure.enrol(tmp_path / "a/identity", A, at_ms=now_ms() + 500 * DAY)
    assert "expired on" in handshake(secure.kiosks, later.tls)  # the broker's ends after 397 days
    known, _ = secure.enrol(tmp_path / "b/identity", A)
    future = secure.authority.server([HOST], now_ms() + 500 * DAY)  # as it looks to a clock that is behind
    (secure.folder / "server.key").write_bytes(future.key)
    (secure.folder / "server.pem").write_bytes(future.chain)
    secure.revoke()  # the same signal reads these anew
    assert "not yet valid" in handshake(secure.kiosks, replace(known.tls, known_ms=None))
    assert handshake(secure.kiosks, known.tls) == ""


def test_a_plan_that_cannot_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="a service's name has"):
        Plan(folder=tmp_path, services=("a b",))
    with pytest.raises(BadPlan, match="two ports, both got 1"):
        Plan(folder=tmp_path, services=(), kiosks_at=("", 1), services_at=("", 1))
    with pytest.raises(BadPlan, match="cannot read such a path"):
        Plan(folder=tmp_path / "a#b", services=())


def test_nothing_is_said_twice_that_debians_own_file_says(tmp_path: Path) -> None:
    """mosquitto refuses to start where a path is given twice."""
    text = configuration(Plan(folder=tmp_path, services=("serve",)))
    for key in ("pid_file", "persistence_location", "log_dest", "include_dir", "websockets"):
        assert key not in text
    assert "allow_anonymous false" in text
    assert access(Plan(folder=tmp_path, services=())).count("user ") == 0
