"""What is measured of a subject."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.devices.rig import Cable, Told, Ward, rig, sure

SEEN_S = 5.0  # for a scan to be told: what comes later is lost


@dataclass
class Unplugs:
    """What many unplugs in mid-frame came to."""

    cycles: int
    sent: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0  # glued or cut codes
    unheard: int = 0  # the thread has died and told nobody
    stuck: int = 0  # cycles in which it was not back in time
    reconnect_s: list[float] = field(default_factory=list)
    threads: int = 0  # left over
    files: int = 0


def unplugs(name: str, folder: Path, cycles: int) -> Unplugs:
    """Plug in, scan three codes, begin a fourth, pull the cable; again and again."""
    found, chance = Unplugs(cycles), random.Random(4)
    whole: set[str] = set()
    with rig(name, folder) as (cable, ward):
        ward.say("start")
        back = cable.plug()
        ward.wait("ready")
        before: Told = {}
        for cycle in range(cycles):
            if cycle:
                back = cable.plug()
                ready = ward.wait("ready", 5.0)
                if ready is None:
                    found.stuck += 1
                    cable.unplug()
                    continue
                found.reconnect_s.append(float(ready["ready"]) - back)
            _scans(cable, ward, whole, found.sent)
            found.sent += 3
            if cycle == min(5, cycles - 1):
                before = ward.ask("left", "threads")
            cable.send(f"https://example.com/01/0950600013435{cycle}"[: chance.randint(1, 38)])
            time.sleep(chance.choice((0.0, 0.0, 0.002, 0.05)))
            cable.unplug()
            time.sleep(chance.choice((0.0, 0.01, 0.05)))
        cable.plug()
        ward.wait("ready", 5.0)
        time.sleep(0.3)
        after = ward.ask("left", "threads")
        ward.ask("stop", "stopped")
        found.threads = int(after["threads"]) - int(before["threads"])
        found.files = int(after["files"]) - int(before["files"])
    heard = [str(told["scan"]) for told in ward.heard if "scan" in told]
    found.lost = len(whole - set(heard))
    found.doubled = len([text for text in heard if text in whole]) - len(whole & set(heard))
    found.wrong = len([text for text in heard if text not in whole])
    found.unheard = sum("unheard" in told for told in ward.heard)
    return found


def _scans(cable: Cable, ward: Ward, whole: set[str], number: int) -> None:
    """Three whole codes, and time to tell the last."""
    texts = [sure(number), f"https://example.com/c/{number}", f"voucher {number}"]
    for text in texts:
        cable.send(text + "\r\n")
        whole.add(text)
        ward.wait("scan", SEEN_S, text)


def latencies(
    name: str, folder: Path, scans: int, *, busy: float | None = None, free_text: bool = False
) -> list[float]:
    """Seconds from a code's last byte to its event. `busy`: beside a busy thread, with that switch interval; 0 is Python's own."""
    taken: list[float] = []
    chance = random.Random(5)
    with rig(name, folder) as (cable, ward):
        ward.say("start")
        cable.plug()
        ward.wait("ready")
        if busy is not None:
            ward.say(f"busy {busy}")
        for number in range(scans + 5):
            text = f"voucher {number}" if free_text else sure(number)
            at = cable.send(text + "\r\n")
            told = ward.wait("scan", SEEN_S, text)
            if number >= 5:
                taken.append(float(told["at"]) - at if told else SEEN_S)
            time.sleep(chance.uniform(0.005, 0.02))
        ward.ask("stop", "stopped")
    return taken


def idle(name: str, folder: Path, seconds: float) -> float:
    """The share of a core that waiting for a scan takes."""
    with rig(name, folder) as (cable, ward):
        ward.say("start")
        cable.plug()
        ward.wait("ready")
        time.sleep(0.5)
        told = ward.ask(f"rest {seconds}", "cpu")
        ward.ask("stop", "stopped")
    return float(told["cpu"])


def not_reading(name: str, folder: Path, deadline_s: float) -> tuple[float, float]:
    """The share of a core that writing to a peer takes which does not read, and how far beyond the deadline that lasts.

    Without a deadline (0) the cable is pulled after a second.
    """
    with rig(name, folder) as (cable, ward):
        cable.plug()
        ward.say(f"write 100000 {deadline_s}")
        if not deadline_s:
            time.sleep(1.5)  # start-up and opening are within it
            cable.unplug()
        told = ward.wait("cpu")
        assert told is not None
    return float(told["cpu"]), float(told["overrun"])


def overrun(folder: Path, *, busy: bool) -> float:
    """How far beyond its deadline any call of ours comes back, at worst."""
    with rig("ours", folder) as (cable, ward):
        cable.plug()
        told = ward.ask("deadlines busy" if busy else "deadlines idle", "overrun")
    return float(told["overrun"])
