"""How the kiosk is to be, as the fleet says it, and how it is: mqtt.commands.Desired and Reported.

A lower version is ignored. What is wrong in a newer one is said as a fault, and what was before stands; the rest is taken.
It is kept for the next start: a wall that is out of service stays so without a line to anybody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import msgspec
from msgspec import structs

from kiosk.adopting.talk import Fetching, NoReleases, Programs, Releases
from kiosk.clock.clock import Clock
from kiosk.core import events as did
from kiosk.core.events import AnyEvent, Stamp
from kiosk.identity.machine import board_model
from kiosk.ledger import Ledger, LedgerError
from kiosk.operated.backlight import Backlight
from mqtt.commands import MOST_KIB_S, MOST_SOURCES, Desired, Reported, is_address
from mqtt.messages import BadMessage, decode

log = logging.getLogger(__name__)

KEPT: Final = "desired"  # the name in the ledger
OUT_OF_SERVICE: Final = "out-of-service"
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
LEAST_LIGHT: Final = 10  # percent: a wall that sells can be read
DAY: Final = 1440  # minutes
LOOK_MS: Final = (
    30_000  # how often the hour is looked at: wall clocks jump, and change by an hour twice a year
)


@dataclass(frozen=True, slots=True)
class NightLook:
    """Posted to ourselves: has the night begun, or ended?"""


def is_night(sleep: tuple[int, int] | None, minute: int) -> bool:
    """Whether a minute of the day lies in a window, which may go over midnight; its end is light again."""
    if sleep is None:
        return False
    start, end = sleep
    return start <= minute < end if start <= end else minute >= start or minute < end


def local_minute(wall_ms: int) -> int:
    """The minute of the day where this machine stands."""
    here = time.localtime(wall_ms / 1000)
    return here.tm_hour * 60 + here.tm_min


def sound(wanted: Desired, before: Desired) -> tuple[Desired, tuple[str, ...]]:
    """What can be taken of `wanted`, the rest as `before`; and what is wrong with it."""
    faults: list[str] = []
    if not LEAST_LIGHT <= wanted.brightness <= 100:
        faults.append(f"brightness {wanted.brightness}: expected {LEAST_LIGHT} to 100")
        wanted = structs.replace(wanted, brightness=before.brightness)
    if wanted.sleep is not None and (
        not all(0 <= minute < DAY for minute in wanted.sleep) or wanted.sleep[0] == wanted.sleep[1]
    ):
        faults.append(f"sleep {list(wanted.sleep)}: expected two different minutes of 0 to {DAY - 1}")
        wanted = structs.replace(wanted, sleep=before.sleep)
    if wanted.log_level not in LEVELS:
        faults.append(f"log_level {wanted.log_level[:16]!r}: expected one of {', '.join(LEVELS)}")
        wanted = structs.replace(wanted, log_level=before.log_level)
    wanted, wrong = _sound_fetching(wanted, before)
    return wanted, (*faults, *wrong)


def _sound_fetching(wanted: Desired, before: Desired) -> tuple[Desired, list[str]]:
    faults: list[str] = []
    bad = [source for source in wanted.sources if not is_address(source)]
    if bad or len(wanted.sources) > MOST_SOURCES:
        what = f"{bad[0][:80]!r}: expected https://HOST[:PORT][/PATH]" if bad else f"more than {MOST_SOURCES}"
        faults.append(f"sources: {what}")
        wanted = structs.replace(wanted, sources=before.sources)
    if wanted.fetch_kib_s is not None and not 0 <= wanted.fetch_kib_s <= MOST_KIB_S:
        faults.append(f"fetch_kib_s {wanted.fetch_kib_s}: expected 0 to {MOST_KIB_S}")
        wanted = structs.replace(wanted, fetch_kib_s=before.fetch_kib_s)
    if wanted.fetch_window is not None and not all(0 <= minute < DAY for minute in wanted.fetch_window):
        faults.append(f"fetch_window {list(wanted.fetch_window)}: expected minutes of 0 to {DAY - 1}")
        wanted = structs.replace(wanted, fetch_window=before.fetch_window)
    return wanted, faults


def software() -> str:
    """The version of this program."""
    try:
        return version("endcap")
    except PackageNotFoundError:
        return ""


class Wanted:
    """What is desired and how far it is so; for the owner's thread."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        after: Callable[[str, int, object], None],
        report: Callable[[Reported], bool],
        release: Callable[[], str],
        started_as: str,
        backlight: Backlight | None = None,
        minute_of: Callable[[int], int] = local_minute,
        live: Callable[[], tuple[int, str]] = lambda: (0, ""),
        releases: Releases | None = None,
        programs: Programs | None = None,
    ) -> None:
        """`live`: the version of the live changes in force, and what was wrong with others. `release`: the version of the store that is sold from. `report` tells the fleet. `minute_of(wall_ms)`: of the local day."""
        self._ledger, self._clock, self._after, self._report = ledger, clock, after, report
        self._release, self._started_as, self._minute_of = release, started_as, minute_of
        self._live = live
        self._lamp = backlight or Backlight()
        self._releases: Releases = releases or NoReleases()
        self._programs: Programs = programs or NoReleases()
        self._desired = Desired(version=0)
        self._faults: tuple[str, ...] = ()
        self._lamp_fault = ""
        self._night = False
        self._machine = board_model()
        self._last: Reported | None = None

    @property
    def light(self) -> int:
        """Percent the screen has to show by itself, because the panel has no lamp that obeys."""
        return 100 if self._lamp.there and not self._lamp_fault else self._desired.brightness

    @property
    def out_of_service(self) -> bool:
        """Whether the operator wants nothing sold here."""
        return self._desired.out_of_service

    # --- begin ------------------------------------------------------------------------------------------------

    def recover(self, at: Stamp) -> Iterable[AnyEvent]:
        """What was desired before the program ended."""
        try:
            body = self._ledger.kept(KEPT)
            desired = msgspec.json.decode(body, type=Desired) if body else None
        except (LedgerError, msgspec.DecodeError) as error:
            log.error("what was desired of this kiosk cannot be read: %s", error)
            return
        if desired is not None:
            yield from self._take(desired, at)

    # --- what comes -------------------------------------------------------------------------------------------

    def heard(self, payload: bytes, at: Stamp) -> Iterable[AnyEvent]:
        """A word of the fleet's. Raises BadMessage; nothing changes then but the fault that is reported."""
        try:
            wanted: Desired = decode(payload, Desired)
        except BadMessage as error:
            self._faults = (f"desired: {error}"[:200],)
            self.tell()
            raise
        if wanted.version <= self._desired.version:
            return ()
        return list(self._accept(wanted, at))

    def _accept(self, wanted: Desired, at: Stamp) -> Iterable[AnyEvent]:
        taken, faults = sound(wanted, self._desired)
        log.info(
            "desired %d of %s (%s): %s", taken.version, taken.by, taken.why, "; ".join(faults) or "taken"
        )
        try:
            self._ledger.keep(KEPT, msgspec.json.encode(taken))
        except LedgerError as error:
            faults = (*faults, f"cannot be kept for the next start: {error}"[:200])
        self._faults = faults
        yield from self._take(taken, at)
        self.tell(changed_only=True)

    def _take(self, desired: Desired, at: Stamp) -> Iterable[AnyEvent]:
        before, self._desired = self._desired, desired
        how = Fetching(desired.sources, desired.fetch_kib_s, desired.fetch_window)
        self._releases.fetch_by(how)
        self._programs.fetch_by(how)
        self._releases.want(desired.content)
        self._programs.want(desired.software)
        if desired.out_of_service != before.out_of_service:
            yield did.ServiceClosed(at, OUT_OF_SERVICE) if desired.out_of_service else did.ServiceOpened(at)
        if desired.log_level != before.log_level or not before.version:
            logging.getLogger().setLevel(desired.log_level)
        if desired.brightness != before.brightness:
            self.shine(dark=False)
        yield from self.look(at)

    # --- night ------------------------------------------------------------------------------------------------

    def look(self, at: Stamp) -> Iterable[AnyEvent]:
        """Whether it is night now; without a clock to be trusted it never is, so the wall stays lit."""
        night = at.trusted and is_night(self._desired.sleep, self._minute_of(at.wall_ms))
        if self._desired.sleep is not None:
            self._after("night", LOOK_MS, NightLook())
        if night != self._night:
            self._night = night
            yield did.NightChanged(at, night)
        self.tell(changed_only=True)

    def shine(self, *, dark: bool, full: bool = False) -> None:
        """Turn the panel's lamp to what is desired, off while the panel is asleep, or to all it can for an alert."""
        if not self._lamp.there:
            return
        self._lamp_fault = self._lamp.set(0 if dark else 100 if full else self._desired.brightness)

    # --- how it is --------------------------------------------------------------------------------------------

    def tell(self, *, changed_only: bool = False) -> None:
        """Report; with `changed_only` where anything but the moment differs from what was said last."""
        said = self._reported()
        if (
            changed_only
            and self._last is not None
            and structs.replace(self._last, wall_ms=said.wall_ms) == said
        ):
            return
        if self._report(said):
            self._last = said

    def _reported(self) -> Reported:
        desired, faults = self._desired, self._faults
        live_version, wrong = self._live()
        hanging = self._releases.hanging()
        if wrong:
            faults = (*faults, wrong)
        if self._lamp_fault:
            faults = (*faults, f"backlight: {self._lamp_fault}; the screen is darkened instead")
        if desired.sleep is not None and self._clock.quality() == "unsynced":
            faults = (*faults, "sleep: the clock is not trusted, so the panel stays lit")
        return Reported(
            version=desired.version,
            wall_ms=self._clock.wall_ms(),
            session=self._started_as,
            software=software(),
            release=self._release(),
            out_of_service=desired.out_of_service,
            brightness=desired.brightness,
            sleep=desired.sleep,
            log_level=logging.getLevelName(logging.getLogger().level),
            machine=self._machine,
            faults=faults,
            live_version=live_version,
            content=self._releases.running(),
            orientation=hanging.orientation,
            tags=hanging.tags,
            software_state=self._programs.running(),
        )
