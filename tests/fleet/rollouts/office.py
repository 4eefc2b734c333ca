"""Roll-outs over a real store, with a line that keeps what is sent and kiosks that obey it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from fleet.live import Hub
from fleet.operating.desired import Desires
from fleet.rollouts.book import RolloutBook, Wish
from fleet.rollouts.model import Ring
from fleet.rollouts.pins import Pins
from fleet.store.store import Store
from mqtt.commands import Desired, Reported, Running, Target
from mqtt.messages import Message, Presence
from mqtt.topics import Address
from tests.fleet.rollouts.world import NEW, OLD, START, ring

How = Callable[[Target], Running]


def well(target: Target) -> Running:
    """It runs, and is well."""
    return Running(name=target.name, confirmed=True, target=target.name, rollout=target.rollout)


def sick(reason: str) -> How:
    """It went back to what it had."""

    def how(target: Target) -> Running:
        return Running(
            name=OLD,
            confirmed=True,
            target=target.name,
            rollout=target.rollout,
            phase="failed",
            reason=reason,
        )

    return how


class Office:
    """The fleet's side, and what kiosks hear."""

    def __init__(self, url: str, count: int = 10) -> None:
        self.now = START
        self.up = True
        self.heard: dict[str, Desired] = {}
        self.said = 0
        self.store = Store(url)
        self.live = Hub()
        self.desires = Desires(self.store, self.send, self.live, self.clock)
        self.book = RolloutBook(self.store, self.desires, self.live, self.clock)
        self.pins = Pins(self.store, self.desires, self.clock)
        self.addresses = [Address("demo", "line2", f"K{number:04d}") for number in range(count)]
        for one in self.addresses:
            self.store.presence(str(one), Presence(state="ready", boot="b", since_ms=1), self.now)

    def clock(self) -> int:
        """The fleet's."""
        return self.now

    def send(self, address: Address, message: Message, _expires_s: int | None) -> bool:
        """To a kiosk, where the broker is up."""
        if self.up and isinstance(message, Desired):
            self.heard[str(address)] = message
            self.said += 1
        return self.up

    def scheduled(self, *rings: Ring, **more: object) -> str:
        """A roll-out ada made and bo approved."""
        wish = Wish(kind="content", target=NEW, rings=rings or (ring("all"),))
        made = self.book.make(structs.replace(wish, **more), "ada", "new prices")
        self.book.act(made.id, "submit", "ada", "please look")
        self.book.act(made.id, "approve", "bo", "looked")
        return made.id

    def look(self, rollout: str) -> None:
        """Judge until nothing follows."""
        while self.book.carry_on(rollout):
            pass

    def answer(self, how: How, *names: str) -> None:
        """Kiosks that have heard of a release report."""
        for name in names or tuple(self.heard):
            said = self.heard[name]
            if said.content is not None:
                report = Reported(version=said.version, wall_ms=self.now, content=how(said.content))
                self.desires.reported(Address(*name.split("/")), report)

    def wanted(self) -> dict[str, str]:
        """What each kiosk that heard anything is to run; "" for the release for everybody."""
        return {name: said.content.name if said.content else "" for name, said in self.heard.items()}

    def state(self, rollout: str) -> str:
        """Of a roll-out."""
        return self.book.detail(rollout).rollout.state
