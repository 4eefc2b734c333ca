"""Many clients on one thread, and files numbered higher than select() can wait for."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK, Broker
from mqtt.backoff import Backoff
from mqtt.client import Client
from mqtt.many import Loop
from tests.mqtt.clients import QUICK, connected
from tests.servers import kill_broker, wait_until

pytestmark = pytest.mark.server
MANY = 300
FILES = 1_500
OPEN = Path("/proc/self/fd")


@contextmanager
def occupied(number: int) -> Iterator[None]:
    """Every file up to `number` is open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * number:
        pytest.skip(f"this process may open {hard} files, {2 * number} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * number), hard))
    with ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while True:
            handle = os.open(os.devnull, os.O_RDONLY)
            held.callback(os.close, handle)
            if handle >= number:
                break
        yield


def test_a_client_works_in_a_process_with_1500_open_files(own_broker: Broker) -> None:
    with occupied(FILES), connected(own_broker.port, "high", "t/#") as (client, heard):
        assert client.publish("t/1", b"x")
        wait_until(lambda: heard == [("t/1", b"x")], "the message")


def test_300_clients_share_one_thread_and_come_back_together(own_broker: Broker) -> None:
    many = (
        MANY if own_broker.kind == "mosquitto" else MANY // 6
    )  # nats-server makes a consumer on its disk for each
    heard: dict[str, list[bytes]] = {f"many-{number}": [] for number in range(many)}

    def listener(name: str) -> Client:
        client = Client(
            LOOPBACK, own_broker.port, name, loop=loop, backoff=QUICK, answer_s=120,
            on_message=lambda _topic, payload: heard[name].append(payload),
        )  # fmt: skip
        client.subscribe(f"to/{name}")
        return client

    before = threading.active_count()
    with Loop(connects=4) as loop:
        clients = [listener(name) for name in heard]
        for client in clients:
            client.start()
        wait_until(lambda: all(client.connected for client in clients), "all to connect", 60)
        assert threading.active_count() <= before + 5
        with connected(own_broker.port, "one") as (sender, _):
            for name in heard:
                wait_until(partial(sender.publish, f"to/{name}", b"1"), "room in the window")
        wait_until(lambda: all(said == [b"1"] for said in heard.values()), "every message", 60)
        for client in clients:
            assert client.publish(f"to/{client.name}", b"2")
        wait_until(lambda: all(said == [b"1", b"2"] for said in heard.values()), "every echo", 60)
        assert all(client.stop(20) for client in clients)
    assert threading.active_count() == before


def test_one_client_that_hangs_in_a_connect_holds_up_no_other(own_broker: Broker, mute_port: int) -> None:
    with Loop(connects=2) as loop:
        mute = Client(LOOPBACK, mute_port, "mute", loop=loop, answer_s=60)
        good = Client(LOOPBACK, own_broker.port, "good", loop=loop)
        mute.start()
        good.start()
        wait_until(lambda: good.connected, "the other to connect")
        assert not mute.connected
        assert mute.stop()
        assert good.stop()


def test_stopping_while_waiting_to_try_again_is_quick() -> None:
    with Loop(connects=1) as loop:
        client = Client(LOOPBACK, 1, "nobody", loop=loop, backoff=Backoff(base_s=60, cap_s=60))
        client.start()
        wait_until(lambda: client.counters.tries == 1)
        assert client.stop()


def test_a_loop_that_never_started_leaves_nothing_open() -> None:
    before = len(list(OPEN.iterdir()))
    assert Loop().stop()
    assert Client(LOOPBACK, 1, "idle").stop()
    assert len(list(OPEN.iterdir())) == before


def test_a_loop_survives_whatever_is_thrown_in_it(own_broker: Broker) -> None:
    def bug() -> None:
        raise SystemExit("a bug")

    with Loop(connects=1) as loop:
        loop.call(bug)
        loop.connect(bug)
        client = Client(LOOPBACK, own_broker.port, "after", loop=loop)
        client.start()
        wait_until(lambda: client.connected, "a connection all the same")
        kill_broker(own_broker)
        wait_until(lambda: not client.connected, "the loss to be seen")
        assert client.stop()


def test_a_loop_that_ends_under_its_clients_leaves_no_socket_open(own_broker: Broker, mute_port: int) -> None:
    before = len(list(OPEN.iterdir()))
    with Loop(connects=2) as loop:
        ports = [own_broker.port] * 5 + [mute_port] * 5
        clients = [Client(LOOPBACK, port, f"left-{number}", loop=loop) for number, port in enumerate(ports)]
        for client in clients:
            client.start()
        wait_until(lambda: clients[0].connected, "one to connect")
    wait_until(lambda: len(list(OPEN.iterdir())) == before, "every socket to be closed")
    assert not clients[0].connected
