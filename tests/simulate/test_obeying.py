"""What a simulated kiosk does when an operator asks, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.broker.broker import Broker
from kiosk.simulate.swarm import Swarm
from mqtt.client import Client
from mqtt.commands import Command, CommandState, Desired, Reported, What
from mqtt.messages import decode, encode
from mqtt.topics import Address
from tests.servers import wait_until
from tests.simulate.swarms import MONDAY_RUSH_MS, swarm_of

pytestmark = pytest.mark.server


class Operator:
    """Asks one kiosk, and keeps what it says."""

    def __init__(self, swarm: Swarm, broker: Broker) -> None:
        self.swarm, (self.kiosk,) = swarm, swarm.kiosks
        self.address: Address = self.kiosk.address
        self.states: list[CommandState] = []
        self.reported: list[Reported] = []
        self.client = Client(
            broker.host, broker.port, f"operator-{self.address.tenant}", on_message=self._heard
        )
        self.client.subscribe(self.address.command_states)
        self.client.subscribe(self.address.reported)
        self.client.start()
        wait_until(
            lambda: self.client.connected and self.kiosk.connected and self.reported, "both to be there"
        )

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic == self.address.command_states:
            self.states.append(decode(payload, CommandState))
        else:
            self.reported.append(decode(payload, Reported))

    def ask(self, id_: str, what: What, valid_s: int = 3_000, **arguments: str) -> None:
        command = Command(
            id=id_,
            what=what,
            by="me",
            why="a test",
            at_ms=MONDAY_RUSH_MS,
            valid_s=valid_s,
            arguments=arguments,
        )
        assert self.client.publish(self.address.commands, encode(command))

    def ends(self, id_: str, state: str) -> CommandState:
        wait_until(
            lambda: any((one.id, one.state) == (id_, state) for one in self.states), f"{id_} to be {state}"
        )
        return [one for one in self.states if one.id == id_][-1]


@pytest.fixture
def operator(request: pytest.FixtureRequest, broker: Broker, tmp_path: Path) -> Iterator[Operator]:
    with swarm_of(1, broker.port, tmp_path, speed=1.0, tenant=request.node.name[:32]) as swarm:
        found = Operator(swarm, broker)
        yield found
        assert found.client.stop()


def test_it_says_how_far_it_is_and_does_it_once(operator: Operator) -> None:
    operator.ask("A1", "identify")
    operator.ends("A1", "done")
    assert [one.state for one in operator.states] == ["accepted", "running", "done"]
    operator.ask("A1", "identify")
    wait_until(lambda: len(operator.states) == 4, "the end to be told again")
    assert operator.states[-1].state == "done"
    assert operator.kiosk.obeying.done == 1


def test_what_it_cannot_is_refused(operator: Operator) -> None:
    operator.ask("B1", "screenshot")
    assert operator.ends("B1", "refused").reason == "no-screen"
    operator.ask("B2", "identify", seconds="never")
    assert operator.ends("B2", "refused").reason == "bad-arguments"
    operator.ask("B3", "identify", valid_s=0)
    operator.ends("B3", "expired")
    assert operator.client.publish(operator.address.commands, b"{")
    operator.ask("B4", "collect-logs")
    assert operator.ends("B4", "done").data


def test_a_reboot_is_another_boot_and_a_sick_device_fails_its_test(operator: Operator) -> None:
    kiosk = operator.kiosk
    boot, session = kiosk.clock.boot, kiosk.session
    operator.ask("C1", "restart-agent")
    operator.ends("C1", "done")
    assert (kiosk.clock.boot, kiosk.session != session) == (boot, True)
    operator.ask("C2", "reboot")
    operator.ends("C2", "done")
    assert kiosk.clock.boot != boot
    operator.swarm.call(lambda: kiosk.set_device("printer", "failed"))
    operator.ask("C3", "self-test", device="printer")
    assert operator.ends("C3", "failed").detail == "printer: failed"


def test_out_of_service_it_sells_nothing(operator: Operator) -> None:
    assert operator.client.publish(operator.address.desired, encode(Desired(version=2, out_of_service=True)))
    wait_until(lambda: operator.reported[-1].version == 2, "the report")
    assert operator.reported[-1].out_of_service
    assert operator.client.publish(operator.address.desired, encode(Desired(version=1)))
    assert operator.client.publish(operator.address.desired, encode(Desired(version=3, brightness=40)))
    wait_until(lambda: operator.reported[-1].version == 3, "the newer report")
    assert [one.version for one in operator.reported] == [0, 2, 3]
