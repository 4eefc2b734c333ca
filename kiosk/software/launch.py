"""Starts the kiosk's programs from the side that is to run; copied once to a fixed place, outside everything it starts.

    python launch.py SOFTWARE_FOLDER kiosk agent --config /etc/endcap/kiosk.toml

    SOFTWARE_FOLDER/slots.json   which release lies on which side and how far it is trusted (kiosk.adopting.slots)
    SOFTWARE_FOLDER/a, b         sides: trees of packages, whole where tree.json fits what is there
    SOFTWARE_FOLDER/current      link to the side the agent was started from last; a screen follows it

The standard library alone, and nothing of the new code: it has to work where that does not even import. It counts a start
before it begins it, so whatever the new code does - crash, hang, lose its files - its third start was its last. Then it
becomes that program (execve), whose own service manager ends it where it hangs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BAD_STARTS = 3  # as kiosk.adopting.slots
SLOTS, MARK, LINK = "slots.json", "tree.json", "current"
SIDES = ("a", "b")
COUNTED = ("agent", "run")  # the screen alone is not counted: the agent judges what it draws
Slots = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Becomes the program; returns only where that cannot be."""
    if len(arguments) < 2:
        _say("usage: launch.py SOFTWARE_FOLDER COMMAND...")
        return 2
    folder, words = Path(arguments[0]), list(arguments[1:])
    side = begin(folder, int(time.time() * 1000)) if words[1:2] and words[1] in COUNTED else followed(folder)
    environment = environment_of(folder, side, os.environ)
    _say(f"starting from {side or 'what was installed'}")
    try:
        # -P: a folder that happens to be the working one is no place for programs to come from
        os.execve(sys.executable, [sys.executable, "-P", "-m", "endcap", *words], environment)  # noqa: S606 - no shell
    except OSError as error:
        _say(f"{sys.executable}: {error.strerror}")
    return 1


def begin(folder: Path, now_ms: int) -> str:
    """The side to start from, "" for what was installed; the start is counted and the link set."""
    slots = read(folder)
    follow = start(slots, now_ms)
    if follow != slots and not _write(folder, follow):
        follow = {**follow, "trying": None}  # what cannot be counted is not tried
    side = next((name for name, release in order(follow) if whole(folder / name, release)), "")
    point(folder, side)
    return side


def followed(folder: Path) -> str:
    """The side the agent runs from."""
    name = leads(folder)
    return name if name in SIDES and whole(folder / name) else ""


def leads(folder: Path) -> str:
    """Where the link leads, "" where there is none."""
    try:
        return str((folder / LINK).readlink())
    except OSError:
        return ""


def environment_of(folder: Path, side: str, before: Mapping[str, str]) -> dict[str, str]:
    """What the program is told: where it runs from, and that it was started by somebody who counts."""
    told = {key: value for key, value in before.items() if key != "PYTHONPATH"}
    told |= {
        "ENDCAP_SOFTWARE": str(folder),
        "ENDCAP_SIDE": side,
        "ENDCAP_LINK": leads(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return told | ({"PYTHONPATH": str(folder / side)} if side else {})


# --- which release lies where ------------------------------------------------------------------------------------


def read(folder: Path) -> Slots:
    """The slots; none where they cannot be read."""
    try:
        found = json.loads((folder / SLOTS).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _say(f"{folder / SLOTS}: {error}; starting what was installed")
        return {}
    return found if isinstance(found, dict) and found.get("format") == 1 else {}


def start(slots: Slots, now_ms: int) -> Slots:
    """What follows from one start more, as kiosk.adopting.slots.start says it; a test holds the two together."""
    trying = slots.get("trying")
    if not isinstance(trying, dict):
        return slots
    starts = trying.get("starts", 1)
    if isinstance(starts, int) and starts < BAD_STARTS:
        return {**slots, "trying": {**trying, "starts": starts + 1}}
    refused = slots.get("refused")
    why = {"reason": "bad-starts", "detail": f"{starts} starts, and well after none", "at_ms": now_ms}
    known = refused if isinstance(refused, dict) else {}
    return {**slots, "trying": None, "refused": {**known, str(_release(trying.get("wall"))): why}}


def order(slots: Slots) -> list[tuple[str, str]]:
    """Sides with their releases, as they are to be tried."""
    trying = slots.get("trying")
    walls = [trying.get("wall") if isinstance(trying, dict) else None]
    walls += [slots.get("confirmed"), slots.get("previous")]
    return [
        (wall["folder"], _release(wall))
        for wall in walls
        if isinstance(wall, dict) and wall.get("folder") in SIDES
    ]


def _release(wall: object) -> str:
    return str(wall.get("release", "")) if isinstance(wall, dict) else ""


def whole(side: Path, release: str = "") -> bool:
    """Whether a side is all there, by the sizes of its files; and of this release, where one is named."""
    try:
        mark = json.loads((side / MARK).read_bytes())
        if release and mark["release"] != release:
            return False
        for name, size in mark["files"].items():
            if (side / name).stat().st_size != size:
                _say(f"{side / name}: not the {size} bytes that were written")
                return False
        return "endcap.py" in mark["files"]
    except FileNotFoundError as error:
        _say(f"{error.filename}: not there")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _say(f"{side}: {error!r}")
    return False


# --- the disk ----------------------------------------------------------------------------------------------------


def point(folder: Path, side: str) -> bool:
    """Have the link lead to a side, at once and for good; none for what was installed. False where that cannot be."""
    link = folder / LINK
    try:
        if leads(folder) == side:
            return True
        if side:
            part = folder / f".{LINK}.part"
            part.unlink(missing_ok=True)
            part.symlink_to(side)
            part.replace(link)
        else:
            link.unlink(missing_ok=True)
        _sync(folder)
    except OSError as error:
        _say(f"{link}: {error.strerror}")
        return False
    return True


def _write(folder: Path, slots: Slots) -> bool:
    part = folder / f".{SLOTS}.part"
    try:
        with part.open("wb") as file:
            file.write(json.dumps(slots).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / SLOTS)
        _sync(folder)
    except OSError as error:
        _say(f"{folder / SLOTS}: {error.strerror}")
        return False
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _say(words: str) -> None:
    sys.stderr.write(f"endcap launch: {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
