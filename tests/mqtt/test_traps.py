"""What brokers and paho do at the edges, one story each: real brokers where one can be made to do it, else a hostile one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK, Broker
from mqtt.client import WINDOW, Client
from tests.mqtt.clients import QUICK, connected, mosquitto
from tests.mqtt.hostile import WELCOME_5, Hostile, hostile, packet, welcome
from tests.servers import wait_until

pytestmark = pytest.mark.server


def test_a_callback_that_ends_its_thread_ends_nothing(own_broker: Broker) -> None:
    calls: list[bytes] = []

    def leaving(_topic: str, payload: bytes) -> None:
        calls.append(payload)
        raise SystemExit("a bug of the caller's")

    with connected(own_broker.port, "a", "t/#", on_message=leaving) as (client, _):
        for number in (b"1", b"2"):
            assert client.publish("t/1", number)
        wait_until(lambda: calls == [b"1", b"2"], "both calls")
        assert client.connected
        assert client.counters.callback_errors == 2


def test_a_lock_around_publish_and_in_a_callback_is_no_deadlock(own_broker: Broker) -> None:
    lock, heard = threading.Lock(), [0]

    def count(_topic: str, _payload: bytes) -> None:
        with lock:
            heard[0] += 1

    with connected(own_broker.port, "a", "t/#", on_message=count) as (client, _):
        for _ in range(500):
            with lock:
                sent = client.publish("t/1", b"x")
            if not sent:
                wait_until(lambda: client.counters.acknowledged >= 100)
        wait_until(lambda: heard[0] == client.counters.acknowledged >= 200, "every message")


def test_the_servers_receive_maximum_is_kept() -> None:
    server = Hostile(connack=welcome(b"\x21\x00\x05"), acks=False)
    with hostile(server), connected(server.port, "a") as (client, _):
        for _ in range(50):
            assert client.publish("t/1", b"x")
        for sent in range(5, 51):
            wait_until(lambda sent=sent: len(server.published) == sent, f"message {sent}")  # type: ignore[misc]
            server.acknowledge()
        server.acknowledge(4)
        wait_until(lambda: client.counters.acknowledged == 50)
    assert server.most_unacknowledged == 5


def test_a_server_that_names_no_maximum_gets_our_window() -> None:
    server = Hostile(acks=False)
    with hostile(server), connected(server.port, "a") as (client, _):
        for _ in range(3 * WINDOW):
            assert client.publish("t/1", b"x")
        wait_until(lambda: len(server.published) == WINDOW)
        server.acknowledge(WINDOW)
        wait_until(lambda: len(server.published) == 2 * WINDOW)
        server.acknowledge(WINDOW)
        wait_until(lambda: len(server.published) == 3 * WINDOW)
        server.acknowledge(WINDOW)
    assert server.most_unacknowledged <= WINDOW


def test_what_the_broker_would_close_the_connection_over_is_not_sent() -> None:
    server = Hostile(connack=welcome(b"\x27" + (1000).to_bytes(4, "big")))
    with hostile(server), connected(server.port, "a") as (client, _):
        with pytest.raises(ValueError, match="the broker takes packets of 1000"):
            client.publish("t/1", bytes(950))
        assert client.publish("t/1", bytes(800))
        wait_until(lambda: client.counters.acknowledged == 1)
        assert len(server.published) == 1
        assert client.counters.lost == 0


def test_the_servers_keep_alive_is_kept() -> None:
    server = Hostile(connack=welcome(b"\x13\x00\x01"))
    with hostile(server), connected(server.port, "a", keepalive_s=3600) as (client, _):
        wait_until(lambda: server.pings >= 2, "pings every second")
        assert client.counters.lost == 0


def test_a_broker_that_answers_no_ping_is_given_up() -> None:
    server = Hostile(pongs=False)
    with hostile(server), connected(server.port, "a", keepalive_s=1) as (_, heard):
        wait_until(lambda: heard.downs == 1 and server.pings, "the connection to be given up")


def test_topic_aliases_are_neither_offered_nor_taken() -> None:
    alias = packet(0x30, b"\x00\x00" + b"\x03\x23\x00\x01" + b"payload")
    server = Hostile()
    with hostile(server), connected(server.port, "a") as (client, heard):
        assert b"\x22" not in server.connects[0][10 : 10 + 1 + server.connects[0][10]]
        assert server.live is not None
        server.live.sendall(alias)
        wait_until(lambda: heard.downs == 1, "the connection to be given up")
        wait_until(lambda: client.connected, "the next")
    assert heard == []


def test_a_topic_that_is_no_text_is_refused_and_costs_nothing() -> None:
    bad, good = packet(0x30, b"\x00\x02\xff\xfe\x00x"), packet(0x30, b"\x00\x01t\x00y")
    server = Hostile()
    with hostile(server), connected(server.port, "a") as (client, heard):
        assert server.live is not None
        server.live.sendall(bad + good)
        wait_until(lambda: heard == [("t", b"y")], "the good one")
        assert client.counters.callback_errors == 1
        assert client.connected


@pytest.mark.parametrize("mqtt5", [True, False])
def test_a_packet_far_too_large_ends_the_connection_before_it_is_read(mqtt5: bool) -> None:
    server = Hostile()
    with hostile(server), connected(server.port, "a", mqtt5=mqtt5) as (_, heard):
        assert server.live is not None
        server.live.sendall(b"\x30\xff\xff\xff\x7f" + bytes(1000))  # 256 MiB are to come
        wait_until(lambda: heard.downs == 1, "the connection to be given up")


def test_garbage_is_given_up_and_tried_again() -> None:
    server = Hostile(after_connack=b"\x90\xff\xff\xff\xff\xff")
    with hostile(server):
        client = Client(LOOPBACK, server.port, "a", backoff=QUICK)
        client.start()
        wait_until(lambda: len(server.connects) >= 3, "more tries")
        assert client.stop()


def test_a_refused_publish_is_seen_with_5_and_looks_published_with_3(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read #\n")  # nobody may write
    with mosquitto(tmp_path, "allow_anonymous true", f"acl_file {tmp_path}/acl") as port:
        with connected(port, "a", mqtt5=True) as (client, _):
            assert client.publish("t/1", b"x")
            wait_until(lambda: client.counters.acknowledged == 1)
            wait_until(lambda: client.counters.refused_publishes == 1)
        with connected(port, "a", mqtt5=False) as (client, _):
            assert client.publish("t/1", b"x")
            wait_until(lambda: client.counters.acknowledged == 1)
            assert client.counters.refused_publishes == 0, "3.1.1 has no reason codes"


def test_a_broker_of_3_1_1_that_says_so_is_remembered() -> None:
    server = Hostile(connack=b"\x00\x01")
    with hostile(server), connected(server.port, "a") as (client, heard):
        assert not client.version5
        server.cut()
        wait_until(lambda: heard.ups == 2, "the reconnect")
    assert server.versions == [5, 4, 4]


def test_a_broker_that_closes_on_5_is_tried_with_3_1_1_and_next_time_with_5_again() -> None:
    server = Hostile(connack=b"")
    with hostile(server), connected(server.port, "a") as (client, heard):
        assert not client.version5
        server.connack = WELCOME_5
        server.cut()
        wait_until(lambda: heard.ups == 2, "the reconnect")
    assert server.versions == [5, 4, 5]


def test_real_brokers_are_spoken_to_in_the_newest_version_they_know(own_broker: Broker) -> None:
    with connected(own_broker.port, "a") as (client, _):
        assert client.version5 == (own_broker.kind == "mosquitto")


def test_a_broker_that_refuses_3_1_1_too_is_asked_again_as_politely_as_one_that_is_away() -> None:
    server = Hostile(connack=b"\x00\x01", older=b"\x00\x01")
    with hostile(server):
        client = Client(LOOPBACK, server.port, "a", backoff=QUICK)
        client.start()
        wait_until(lambda: len(server.versions) >= 4, "more tries")
        assert not client.connected
        assert client.stop()
    assert set(server.versions) == {5, 4}
