"""What shall go wrong, and when: named scenarios for operators' training, or a file of one's own.

A scenario is a list of steps at simulated minutes. Who is meant: `all`, a site (`line-3`), a kiosk (`K00007`) or a share
(`5%`, drawn by the seed). Pure but for reading a file.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from mqtt.topics import Address

What = Literal["network-away", "power-cut", "device-fails", "card-swap", "say"]
DEVICES: Final = ("scanner", "card reader", "printer")


class BadScenario(ValueError):
    """A file that is not a scenario; says which, where and what was expected."""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`minutes`: how long the network is away or a device broken. `say` is told to the operator when it begins."""

    at: float  # simulated minutes since the beginning
    what: What
    who: str = "all"
    minutes: float = 0.0
    device: str = "printer"
    say: str = ""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`begin` is a time of day on a weekday (0: Monday), simulated."""

    name: str
    say: str
    weekday: int = 0
    begin: str = "07:00"
    steps: tuple[Step, ...] = ()


_AT_RANDOM: Final = tuple(
    step
    for hour in range(24)
    for step in (
        Step(at=60 * hour + 7, what="network-away", who="4%", minutes=3),
        Step(at=60 * hour + 21, what="power-cut", who="1%"),
        Step(at=60 * hour + 33, what="device-fails", who="1%", minutes=40, device="scanner"),
        Step(at=60 * hour + 48, what="network-away", who="1%", minutes=90),
    )
)

NAMED: Final[dict[str, Scenario]] = {
    "plain": Scenario(name="plain", say="An ordinary day; nothing goes wrong."),
    "field": Scenario(
        name="field",
        say="An ordinary day in the field: every hour some networks, machines and devices fail.",
        steps=_AT_RANDOM,
    ),
    "monday morning": Scenario(
        name="monday morning",
        say="The rush of a Monday. Watch sales climb from half past six; a scanner and a printer fail at the worst time.",
        begin="06:00",
        steps=(
            Step(
                at=45, what="device-fails", who="K00001", device="scanner", minutes=60,
                say="A scanner dies at K00001. The list shows its fault; the wall goes on selling by touch.",
            ),
            Step(
                at=80, what="device-fails", who="2%", device="printer", minutes=30,
                say="Printers run out of paper at some walls.",
            ),
            Step(at=100, what="power-cut", who="K00002", say="K00002 loses power for a moment: a new boot, nothing lost."),
        ),
    ),
    "one line dark": Scenario(
        name="one line dark",
        say="The network of a whole line is away for half an hour. Its kiosks go on selling; nothing may be missing after.",
        begin="07:30",
        steps=(
            Step(
                at=5, what="network-away", who="line-1", minutes=30,
                say="line-1 is dark. Its kiosks are `lost` as soon as the broker misses them; their sales wait at the walls.",
            ),
            Step(at=36, what="say", say="The network is back: watch the backlog drain and late sales take their hours."),
        ),
    ),
    "broker restart": Scenario(
        name="broker restart",
        say="You restart the broker: everybody is away at once, and comes back spread over seconds, not in step.",
        begin="08:00",
        steps=(Step(at=2, what="say", say="Now restart the broker (systemctl restart mosquitto) and watch `connected`."),),
    ),
    "swapped card": Scenario(
        name="swapped card",
        say="A technician puts a fresh card into a kiosk: a new ledger, a new epoch. The table shows what had not been acknowledged.",
        begin="10:00",
        steps=(
            Step(at=5, what="card-swap", who="K00001", say="K00001 has a fresh card: its stream begins again with 1."),
        ),
    ),
}  # fmt: skip


def load(name: str) -> Scenario:
    """A named scenario, or one from a TOML file. Raises BadScenario."""
    if name in NAMED:
        return NAMED[name]
    path = Path(name)
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except OSError as error:
        names = ", ".join(repr(each) for each in NAMED)
        raise BadScenario(
            f"{name}: no scenario of that name ({names}) and no file: {error.strerror}"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{name}: {error}") from None
    check(found)
    return found


def check(scenario: Scenario) -> None:
    """Raises BadScenario, saying which step and what was expected."""
    where = scenario.name
    hours, _, minutes = scenario.begin.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise BadScenario(f"{where}: begin {scenario.begin!r}: a time of day such as 07:00 expected")
    if not 0 <= scenario.weekday < 7:
        raise BadScenario(f"{where}: weekday {scenario.weekday}: 0 (Monday) to 6 expected")
    for number, step in enumerate(scenario.steps, 1):
        if step.at < 0 or step.minutes < 0:
            raise BadScenario(f"{where}: step {number}: at and minutes of 0 or more expected")
        if step.what == "device-fails" and step.device not in DEVICES:
            raise BadScenario(f"{where}: step {number}: device {step.device!r}: one of {DEVICES} expected")
        if step.who.endswith("%") and not _is_share(step.who):
            raise BadScenario(f"{where}: step {number}: who {step.who!r}: a share such as 5% expected")


def _is_share(who: str) -> bool:
    try:
        return 0 <= float(who[:-1]) <= 100
    except ValueError:
        return False


def chosen(step: Step, number: int, seed: int, addresses: Sequence[Address]) -> list[Address]:
    """Who a step means, of these; the same for the same seed, however addresses are shared out among processes."""
    if step.what == "say":
        return []
    if step.who == "all":
        return list(addresses)
    if step.who.endswith("%"):
        share = float(step.who[:-1]) / 100
        return [each for each in addresses if random.Random(f"{seed} {number} {each}").random() < share]
    return [each for each in addresses if step.who in (each.site, each.kiosk, str(each))]
