"""The client against real brokers: it comes back, survives callbacks that raise, and never queues behind one's back."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK, Broker, Kind, start_broker
from mqtt.backoff import Backoff
from mqtt.client import MAX_PAYLOAD, QUEUE, Client
from mqtt.topics import Address
from tests.mqtt.clients import QUICK, connected, mosquitto
from tests.servers import kill_broker, wait_until

pytestmark = pytest.mark.server


def test_a_message_arrives_and_a_retained_one_waits(own_broker: Broker) -> None:
    with connected(own_broker.port, Address("acme", "berlin-hbf", "K_1").client_id) as (sender, _):
        assert sender.publish("t/kept", b"1", retain=True)
        wait_until(lambda: sender.counters.acknowledged == 1)
        with connected(own_broker.port, "b", "t/#") as (_, heard):
            assert sender.publish("t/now", b"2")
            wait_until(lambda: sorted(heard) == [("t/kept", b"1"), ("t/now", b"2")], "both messages")


def test_a_filter_added_while_connected_is_heard_and_asked_for_again(kind: Kind, tmp_path: Path) -> None:
    first = start_broker(tmp_path / "b", prefer=kind)
    with connected(first.port, "a") as (client, heard):
        client.subscribe("late/#")
        client.subscribe("late/#")
        wait_until(lambda: client.publish("late/1", b"x") and heard, "the first message")
        kill_broker(first)
        wait_until(lambda: not client.connected, "the loss to be seen")
        heard.clear()
        assert not client.publish("late/2", b"y"), "offline is refused, not queued"
        second = start_broker(tmp_path / "b", port=first.port, prefer=kind)
        wait_until(lambda: client.connected, "the reconnect")
        assert (heard.ups, heard.downs, client.counters.lost) == (2, 1, 1)
        assert client.publish("late/3", b"z")
        wait_until(lambda: ("late/3", b"z") in heard, "a message after the reconnect")
        assert ("late/2", b"y") not in heard
        second.stop()
    first.stop()


def test_a_callback_that_raises_is_counted_and_costs_nothing(own_broker: Broker) -> None:
    calls: list[bytes] = []

    def clumsy(_topic: str, payload: bytes) -> None:
        calls.append(payload)
        raise RuntimeError("a bug of the caller's")

    with connected(own_broker.port, "a", "t/#", on_message=clumsy) as (client, _):
        for number in (b"1", b"2", b"3"):
            assert client.publish("t/1", number)
        wait_until(lambda: len(calls) == 3, "three calls")
        wait_until(lambda: client.counters.callback_errors == 3)
        assert client.connected
        assert client.counters.lost == 0


def test_what_does_not_fit_the_window_is_refused(own_broker: Broker) -> None:
    """The network thread is held in a callback, so nothing is acknowledged meanwhile."""
    hold, held = threading.Event(), threading.Event()

    def block(_topic: str, _payload: bytes) -> None:
        held.set()
        assert hold.wait(60)

    with connected(own_broker.port, "a", "hold", on_message=block) as (client, _):
        assert client.publish("hold", b"")
        assert held.wait(60)
        accepted = sum(client.publish("t/1", b"x") for _ in range(QUEUE + 10))
        assert QUEUE - 1 <= accepted <= QUEUE
        assert client.counters.refused_full >= 10
        hold.set()
        wait_until(lambda: client.counters.acknowledged == accepted + 1, "all to be acknowledged")
        assert client.publish("t/1", b"again")


def test_publishing_from_a_callback_does_not_deadlock(own_broker: Broker) -> None:
    clients: list[Client] = []
    echoes: list[bytes] = []

    def echo(topic: str, payload: bytes) -> None:
        if topic == "ask":
            clients[0].publish("answer", payload)
        else:
            echoes.append(payload)

    with connected(own_broker.port, "a", "ask", "answer", on_message=echo) as (client, _):
        clients.append(client)
        for number in range(100):
            assert client.publish("ask", b"%d" % number)
        wait_until(lambda: len(echoes) == 100, "every echo")


def test_the_will_is_sent_when_a_program_dies_and_not_when_it_says_goodbye(own_broker: Broker) -> None:
    program = (
        "import sys; from mqtt.client import Client; c = Client('127.0.0.1', int(sys.argv[1]), 'doomed',"
        "will=('will/doomed', b'lost'), on_up=lambda: print('up', flush=True)); c.start(); sys.stdin.read()"
    )
    with connected(own_broker.port, "watcher", "will/#") as (_, heard):
        with connected(own_broker.port, "polite", will=("will/polite", b"lost")):
            pass
        doomed = subprocess.Popen(
            [sys.executable, "-c", program, str(own_broker.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with doomed:
            assert doomed.stdout is not None
            assert doomed.stdout.readline() == b"up\n"
            doomed.kill()
        wait_until(lambda: heard == [("will/doomed", b"lost")], "the will")


def test_a_message_too_large_is_the_callers_mistake(broker: Broker) -> None:
    with connected(broker.port, "large") as (client, _), pytest.raises(ValueError, match="at most"):
        client.publish("t/1", bytes(MAX_PAYLOAD + 1))


def test_the_largest_message_arrives(own_broker: Broker) -> None:
    with connected(own_broker.port, "a", "t/#") as (client, heard):
        assert client.publish("t/1", bytes(MAX_PAYLOAD))
        wait_until(lambda: heard, "the message")
        assert len(heard[0][1]) == MAX_PAYLOAD


def test_a_publish_the_broker_refuses_is_seen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "acl").write_text("topic read #\n")  # nobody may write
    with (
        mosquitto(tmp_path, "allow_anonymous true", f"acl_file {tmp_path}/acl") as port,
        connected(port, "a", mqtt5=True) as (client, _),
    ):
        assert client.publish("t/1", b"x")
        wait_until(lambda: client.counters.refused_publishes == 1, "the refusal")
        assert client.connected
    assert "Not authorized" in caplog.text


def test_a_broker_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        client = Client(LOOPBACK, mute.getsockname()[1], "a", backoff=QUICK, answer_s=0.2)
        client.start()
        tries = [mute.accept()[0], mute.accept()[0]]
        assert not client.connected
        assert client.stop()
        for connection in tries:
            connection.close()


def test_a_broker_that_stops_acknowledging_is_given_up(own_broker: Broker) -> None:
    """A relay that swallows everything after the subscription: the connection looks alive and is not."""
    with socket.create_server((LOOPBACK, 0)) as relay:
        deaf = threading.Event()
        threads = [threading.Thread(target=serve, args=(relay, own_broker.port, deaf), daemon=True)]
        threads[0].start()
        with connected(relay.getsockname()[1], "a", "t/#", answer_s=0.3) as (client, heard):
            deaf.set()
            assert client.publish("t/1", b"x")
            wait_until(lambda: heard.downs == 1, "the connection to be given up")
        relay.shutdown(socket.SHUT_RDWR)
        threads[0].join(60)
        assert not threads[0].is_alive()


def serve(relay: socket.socket, port: int, deaf: threading.Event) -> None:
    """Carry bytes both ways, one connection after another; from a client to nowhere once `deaf`."""
    while True:
        try:
            near = relay.accept()[0]
        except OSError:
            return
        with near, socket.create_connection((LOOPBACK, port)) as far:
            while True:
                ready = select.select([near, far], [], [])[0]
                data = [(end, end.recv(65536)) for end in ready]
                if not all(chunk for _, chunk in data):
                    break
                for end, chunk in data:
                    if end is far:
                        near.sendall(chunk)
                    elif not deaf.is_set():
                        far.sendall(chunk)


def test_stopping_while_the_broker_is_away_is_quick() -> None:
    client = Client(LOOPBACK, 1, "a", backoff=Backoff(base_s=60, cap_s=60))
    client.start()
    assert client.stop()
    assert not client.connected


def test_a_client_starts_once() -> None:
    client = Client(LOOPBACK, 1, "a")
    client.start()
    with pytest.raises(RuntimeError):
        client.start()
    assert client.stop()


@pytest.mark.parametrize("name", ["", "acme.berlin.K1", "a b", "a*", ">"])
def test_a_name_some_broker_refuses_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="a client id has"):
        Client(LOOPBACK, 1, name)


def test_a_broker_that_lets_nobody_in_is_said_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mosquitto(tmp_path, "allow_anonymous false") as port:
        client = Client(LOOPBACK, port, "a", backoff=QUICK)
        client.start()
        wait_until(lambda: "Not authorized" in caplog.text, "the refusal in the log")
        assert not client.connected
        assert client.stop()


def test_twins_throw_each_other_out_and_both_go_on(own_broker: Broker) -> None:
    """Two programs with one client id: neither hangs, neither gives up."""
    with (
        connected(own_broker.port, "twin") as (one, _),
        connected(own_broker.port, "twin") as (other, _),
    ):
        wait_until(lambda: one.counters.lost >= 2 and other.counters.lost >= 2, "the twins to meet")


def test_last_words_are_heard_though_messages_are_still_coming_in(own_broker: Broker) -> None:
    with (
        connected(own_broker.port, "watcher", "last/#") as (_, heard),
        connected(own_broker.port, "noise") as (noise, _),
    ):
        for number in range(20):
            will = (f"last/{number}", b"lost")
            with connected(own_broker.port, f"leaver-{number}", "noise", will=will) as (leaver, _):
                for _ in range(50):
                    noise.publish("noise", b"x" * 1000)
                assert leaver.publish(f"last/{number}", b"goodbye")
        wait_until(lambda: len(heard) >= 20, "all good-byes")
    assert heard == [(f"last/{number}", b"goodbye") for number in range(20)]
