"""What becomes of a device when something happens to it: a pure function, and its table in docs/devices.md.

absent   its place is empty, or nobody answers there
opening  it is there and being woken
ready    it works
lost     it was pulled while it worked
failed   it is there and cannot be used; it is tried again, less and less often
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

LOOK_S = 0.2  # between two looks for a device that is not there: it is back in use well within 0.5 s
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0  # between two tries to open one that is
YOUNG = 4  # tries, 0.75 s: so long udev may take to set a new node's owner, and ModemManager to let go of it
STEADY_S = 2.0  # ready for so long is no flicker: the next fault begins anew
RESET_AT, RESET_EVERY = 3, 32  # silent tries until the device is reset on its bus, and then again


class Happening(Enum):
    """What happened."""

    MISSING = "missing"  # looked for, not there
    THERE = "there"  # looked for, there
    OPENED = "opened"  # its driver has started
    GONE = "gone"  # Gone
    MUTE = "mute"  # Timeout
    BARRED = "barred"  # Busy, NoPermission
    WRONG = "wrong"  # ProtocolError, a wrong setting, a fault of the driver


@dataclass(frozen=True, slots=True)
class Life:
    """A device's state, and what the next step needs to know of the past."""

    state: str = ""  # "" before the first look
    tries: int = 0  # to open it, since it came or last worked for a while
    mute: int = 0  # silent ones in a row
    told: str = ""  # the state that was told last


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: the new life, how long to wait, whether to tell, whether to reset the device first."""

    life: Life
    pause_s: float = 0.0
    tell: bool = False
    reset: bool = False


def step(life: Life, happened: Happening, steady: bool = False) -> Step:
    """What a happening makes of a life. `steady`: it had been ready for STEADY_S."""
    tries = 0 if steady else life.tries
    match happened:
        case Happening.MISSING:
            return _told(replace(life, state="absent", tries=0, mute=0), LOOK_S)
        case Happening.THERE:  # told once: between two failures it is no news
            return _told(replace(life, state="opening", tries=tries), 0.0, quiet=tries > 0)
        case Happening.OPENED:
            return _told(replace(life, state="ready", mute=0), 0.0)
        case Happening.GONE if life.state == "ready":  # most likely pulled: look at once whether it is back
            fresh = replace(life, state="lost", tries=tries + 1, mute=0)
            return _told(fresh, min(_pause(fresh.tries), LOOK_S))
        case Happening.GONE:
            fresh = replace(life, state="absent", tries=tries + 1, mute=0)
            return _told(fresh, _pause(fresh.tries))
        case Happening.BARRED if tries < YOUNG and life.state != "ready":
            fresh = replace(life, tries=tries + 1, mute=0)
            return Step(fresh, _pause(fresh.tries))
    mute = life.mute + 1 if happened is Happening.MUTE else 0
    fresh = replace(life, state="failed", tries=tries + 1, mute=mute)
    reset = mute == RESET_AT or (mute > RESET_AT and (mute - RESET_AT) % RESET_EVERY == 0)
    return replace(_told(fresh, _pause(fresh.tries)), reset=reset)


def _told(life: Life, pause_s: float, quiet: bool = False) -> Step:
    tell = not quiet and life.state != life.told
    return Step(replace(life, told=life.state) if tell else life, pause_s, tell)


def _pause(tries: int) -> float:
    return float(min(FIRST_PAUSE_S * 2 ** min(tries - 1, 10), LONGEST_PAUSE_S))
