"""The agent's port to scanner, card reader and printer: what they post, and what they are asked.

Whoever implements `Peripherals` runs threads that only `post` these records into the agent's inbox. A card's number
never gets this far: it becomes a token where it is read, under the key of kiosk.peripherals.cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct

from kiosk import guided
from kiosk.peripherals.receipt import Receipt


class CodeRead(Struct, frozen=True):
    """The scanner read a code: its text as it stands, without AIM prefix or line end; `aim`: the prefix ("]Q3") or ""."""

    text: str
    aim: str = ""


class CardRead(Struct, frozen=True):
    """A card was held to the armed reader; `token` stands for it at this kiosk."""

    token: str


class DeviceState(Struct, frozen=True):
    """`name`: scanner | reader | printer, the second one scanner-2. `state`: absent | opening | ready | lost | failed.
    `detail`: e.g. no-paper.
    """

    name: str
    state: str
    detail: str = ""


_BEST = ("ready", "opening", "lost", "failed", "absent")  # two readers are as good as the better one


def of_kind(name: str, states: Iterable[DeviceState]) -> DeviceState:
    """What the kind of that device is like to somebody at the wall: the best of all that are of it, by the kind's name."""
    kind = name.partition("-")[0]
    alike = [state for state in states if state.name.partition("-")[0] == kind]
    best = min(
        alike, key=lambda one: (_BEST.index(one.state) if one.state in _BEST else len(_BEST), one.detail)
    )
    return DeviceState(kind, best.state, best.detail)


class Printed(Struct, frozen=True):
    """A receipt came out, or did not: `why` is "", no-paper or no-printer."""

    reference: str
    why: str = ""


class PhoneTapped(Struct, frozen=True):
    """A phone was held to the reader that offered `uri`. `complete`: it has read all of it."""

    uri: str
    complete: bool


PeripheralEvent = CodeRead | CardRead | DeviceState | Printed | PhoneTapped | guided.Step | guided.Over
Post = Callable[[PeripheralEvent], None]


class Peripherals(Protocol):
    """The devices of one kiosk. No method blocks: what comes of it is posted."""

    def start(self, post: Post) -> None:
        """Open the devices and keep them open; the state of each is posted at once and at each change."""

    def arm(self, on: bool) -> None:
        """Let the reader report cards, or not."""

    def offer(self, uri: str) -> None:
        """While the reader wants no card, let it give phones that address; "" for none."""

    def print(self, receipt: Receipt) -> None:
        """Print; answered by one Printed."""

    def answered(self, answer: str) -> None:
        """What the glass says to a step of a device test: shown | busy, then yes | no | stopped."""

    def close(self) -> None:
        """Let go of the devices and end all threads."""


class NoPeripherals:
    """A kiosk without any: everything is absent, and receipts are answered by their claim code alone."""

    def __init__(self) -> None:
        self._post: Post | None = None

    def start(self, post: Post) -> None:
        """See Peripherals."""
        self._post = post
        for name in ("scanner", "reader", "printer"):
            post(DeviceState(name, "absent"))

    def arm(self, on: bool) -> None:
        """See Peripherals."""

    def offer(self, uri: str) -> None:
        """See Peripherals."""

    def print(self, receipt: Receipt) -> None:
        """See Peripherals."""
        if self._post is not None:
            self._post(Printed(receipt.reference, "no-printer"))

    def answered(self, answer: str) -> None:
        """See Peripherals."""

    def close(self) -> None:
        """See Peripherals."""
