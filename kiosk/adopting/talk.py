"""What the agent and whoever has releases say to each other. Light: nothing here fetches, reads or waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from content.store import AnyStore
from kiosk.adopting.health import Facts
from mqtt.commands import Running, Target


@dataclass(frozen=True, slots=True)
class StoreReady:
    """Posted to the agent: a verified store is open, and sold from when nobody is buying. `folder`: where its pictures lie; "": as before."""

    store: AnyStore
    folder: str = ""


@dataclass(frozen=True, slots=True)
class FactsWanted:
    """Posted to the agent: how is the wall?"""


@dataclass(frozen=True, slots=True)
class RunningChanged:
    """Posted to the agent: what is told of releases has changed."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How the fleet wants releases fetched (mqtt.commands.Desired); what it does not say is as kiosk.toml has it."""

    sources: tuple[str, ...] = ()
    kib_s: int | None = None
    window: tuple[int, int] | None = None


class Hanging(NamedTuple):
    """What of a kiosk decides which groups of a release it is in, beside its address; "": releases mean nothing to it."""

    orientation: Literal["", "portrait", "landscape"] = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgramsReady:
    """Posted to the agent: it is to end, to be started from another side, once nobody is buying."""


class Releases(Protocol):
    """Whoever has them (kiosk.adopting.adopter.Adopter). Every method may be called from any thread."""

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run; None: the one signed for everybody."""

    def fetch_by(self, how: Fetching) -> None:
        """The fleet says how they are fetched."""

    def adopting(self, version: str, facts: Facts) -> None:
        """The store of this version goes on the glass now."""

    def facts(self, facts: Facts) -> None:
        """The answer to FactsWanted."""

    def running(self) -> Running:
        """What is told of it."""

    def hanging(self) -> Hanging:
        """How the wall hangs, and its tags."""


class Programs(Protocol):
    """Whoever has the kiosk's own programs (kiosk.software.updater.Updater). `leaving` is the owner's, the rest any thread's."""

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run; None: no wish."""

    def fetch_by(self, how: Fetching) -> None:
        """The fleet says how they are fetched."""

    def facts(self, facts: Facts) -> None:
        """The answer to FactsWanted."""

    def running(self) -> Running:
        """What is told of it."""

    def leaving(self, facts: Facts) -> bool:
        """Nobody is buying. True: it is written down what the next start is from, and the agent is to end now."""


class NoReleases:
    """A kiosk that sells what was installed, and fetches nothing."""

    def want(self, target: Target | None) -> None:
        """See Releases: no source is configured."""

    def fetch_by(self, how: Fetching) -> None:
        """See Releases: nothing is fetched."""

    def adopting(self, version: str, facts: Facts) -> None:
        """See Releases: there is nothing to write down."""

    def facts(self, facts: Facts) -> None:
        """See Releases: nobody asked."""

    def running(self) -> Running:
        """See Releases."""
        return Running()

    def hanging(self) -> Hanging:
        """See Releases."""
        return Hanging()

    def leaving(self, facts: Facts) -> bool:
        """See Programs: there is nothing else to start."""
        return False
