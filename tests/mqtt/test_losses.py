"""What MQTT 5 gives and what is lost with 3.1.1: one story for each line of docs/mqtt.md's table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK, Broker, start_broker
from mqtt.client import Client
from tests.mqtt.clients import connected, mosquitto
from tests.servers import missing, wait_until

pytestmark = pytest.mark.server
DOOMED = (
    "import sys; from mqtt.client import Client;"
    "c = Client('127.0.0.1', int(sys.argv[1]), sys.argv[2], will=('will/' + sys.argv[2], b'lost'),"
    "will_delay_s=int(sys.argv[3]), session_s=60, on_up=lambda: print('up', flush=True)); c.start(); sys.stdin.read()"
)


def die(port: int, name: str, delay_s: int) -> None:
    """Connect from a program of its own, and be killed."""
    doomed = subprocess.Popen(
        [sys.executable, "-c", DOOMED, str(port), name, str(delay_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == b"up\n"
        os.kill(doomed.pid, signal.SIGKILL)


@pytest.mark.parametrize("mqtt5", [None, False])
def test_a_session_keeps_what_comes_while_we_are_away(own_broker: Broker, mqtt5: bool | None) -> None:
    """Kept with both: with 3.1.1 the client cannot say for how long."""
    port = own_broker.port
    with connected(port, "sender") as (sender, _):
        with connected(port, "away", "t/#", session_s=600, mqtt5=mqtt5):
            pass
        for number in (b"1", b"2"):
            assert sender.publish("t/1", number)
        wait_until(lambda: sender.counters.acknowledged == 2)
        with connected(port, "away", "t/#", session_s=600, mqtt5=mqtt5) as (_, heard):
            wait_until(lambda: heard == [("t/1", b"1"), ("t/1", b"2")], "what waited")


@pytest.mark.parametrize(("mqtt5", "arrive"), [(True, [b"lasting"]), (False, [b"short", b"lasting"])])
def test_expiry_is_lost_so_payloads_carry_their_own(tmp_path: Path, mqtt5: bool, arrive: list[bytes]) -> None:
    """The broker drops what has waited too long, where it was told so."""
    with (
        mosquitto(tmp_path, "allow_anonymous true") as port,
        connected(port, "sender", mqtt5=mqtt5) as (sender, _),
    ):
        with connected(port, "away", "t/#", session_s=600):
            pass
        assert sender.publish("t/1", b"short", expires_s=1)
        assert sender.publish("t/1", b"lasting")
        wait_until(lambda: sender.counters.acknowledged == 2)
        sent = time.monotonic()
        wait_until(lambda: time.monotonic() - sent > 2.5, "the second in which it is of use to be over")
        with connected(port, "away", "t/#", session_s=600) as (_, heard):
            wait_until(lambda: [payload for _, payload in heard] == arrive, "what is of use")


def test_a_will_waits_with_5_and_is_withdrawn_on_return(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous true") as port, connected(port, "w", "will/#") as (_, heard):
        die(port, "returning", 2)
        with connected(port, "returning", will=("will/returning", b"lost"), will_delay_s=2, session_s=60):
            die(port, "gone", 2)
            wait_until(lambda: ("will/gone", b"lost") in heard, "the will of the one that stays away")
    assert heard == [("will/gone", b"lost")], "the other one was back in time"


def test_a_delay_longer_than_the_session_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with the session"):
        Client(LOOPBACK, 1, "a", will_delay_s=10)


def test_shared_subscriptions_split_the_work(tmp_path: Path) -> None:
    """Lost with brokers that speak 3.1.1 only: nats-server takes $share for a topic of that name, and delivers nothing."""
    with (
        mosquitto(tmp_path, "allow_anonymous true") as port,
        connected(port, "one", "$share/g/t/#") as (_, one),
        connected(port, "two", "$share/g/t/#") as (_, two),
        connected(port, "sender") as (sender, _),
    ):
        for number in range(100):
            assert sender.publish(f"t/{number}", b"x")
        wait_until(lambda: len(one) + len(two) >= 100, "each message once")
        assert len(one) + len(two) == 100
        assert one
        assert two


def test_nats_server_delivers_nothing_to_a_shared_subscription(tmp_path: Path) -> None:
    if reason := missing("nats"):
        pytest.skip(reason)
    broker = start_broker(tmp_path, prefer="nats")
    with (
        connected(broker.port, "shared", "$share/g/t/#") as (_, shared),
        connected(broker.port, "plain", "t/#") as (_, plain),
        connected(broker.port, "sender") as (sender, _),
    ):
        for number in range(10):
            assert sender.publish(f"t/{number}", b"x")
        wait_until(lambda: len(plain) == 10, "the others' messages")
        assert shared == []
    broker.stop()
