"""Two sides for programs, a and b: made whole on the one that does not run, and known to be whole by their mark.

pip makes the tree, from wheels that were verified, by their hashes, without a network and without dependencies: it knows
which wheels fit this machine and its Python. Then every file is synced, and only then is the mark written. Power may go
at any moment: a side without a mark that fits is nobody's, and the other one was not touched.
"""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from content.durable import DISK, Disk, put, remove
from content.software.manifest import File, Release
from kiosk.adopting import slots as held
from kiosk.adopting.laying import Unusable
from kiosk.adopting.slots import Refused, Slots
from kiosk.software.launch import MARK, SIDES

WHEELS: Final = "wheels"  # links to blobs under the names pip wants; gone when a side is made
INSTALL_S: Final = 600.0
LOOK_S: Final = 120.0
_STEP_S: Final = 0.5
log = logging.getLogger(__name__)
_TOLD: Final = 180  # characters of what pip said

# What a new side must do before anybody's wall is touched: import all the kiosk needs, as the version it says, from there.
_CHECK: Final = """
import sys
from importlib.metadata import version
from pathlib import Path
import endcap, kiosk.cli, kiosk.starting
side = Path(sys.argv[1]).resolve()
found = version("endcap")
if found != sys.argv[2]:
    sys.exit(f"is version {found}, expected {sys.argv[2]}")
for name, module in list(sys.modules.items()):
    # Also parts: an editable install beneath gives what is missing here, from programs of another version.
    if name.split(".")[0] in ("endcap", "kiosk", "devices", "mqtt", "content"):
        if side not in Path(module.__file__).resolve().parents:
            sys.exit(f"{name} comes from {module.__file__}")
"""


CHECK: Final = (sys.executable, "-P", "-c", _CHECK)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def idle(slots: Slots, running: str) -> str:
    """The side that may be made anew: neither the one this program runs from, nor the one that is trusted; "": none."""
    taken = {running}
    if slots.trying is not None:
        taken.add(slots.trying.wall.folder)
    if slots.confirmed is not None:
        taken.add(slots.confirmed.folder)
    return next((side for side in SIDES if side not in taken), "")


def started_from(slots: Slots, side: str, now_ms: int) -> Slots:
    """What follows from the launcher's having chosen a side: those it would have preferred are damaged."""
    trying = slots.trying
    if trying is not None and trying.wall.folder != side:
        why = Refused("damaged", f"side {trying.wall.folder} could not be started", now_ms)
        slots = held.refuse(slots, trying.wall.release, why)
    if slots.trying is None and slots.confirmed is not None and slots.confirmed.folder != side:
        log.error("%s is damaged on side %s", slots.confirmed.release, slots.confirmed.folder)
        kept = slots.previous if slots.previous is not None and slots.previous.folder == side else None
        slots = structs.replace(slots, confirmed=kept, previous=None)
    return slots


def build(
    folder: Path,
    side: str,
    release: Release,
    path: Callable[[File], Path],
    disk: Disk = DISK,
    check: Sequence[str] = CHECK,
    stopped: threading.Event | None = None,
) -> None:
    """Make a side of a release whose wheels are here. Raises Unusable: no-space, disk, not-installed, does-not-start, stopped.

    `path` gives a wheel's verified bytes. `check`: a command that is to end with 0, called with the side and the version.
    """
    target = folder / side
    wheels = folder / WHEELS
    try:
        clear(folder, side, disk)
        remove(disk, wheels)
        disk.make(wheels)
        disk.make(target)
        for file in release.files:
            disk.link(path(file), wheels / file.name)
        stopped = stopped or threading.Event()
        _install(target, wheels, release, stopped)
        _start(target, release, check, stopped)
        files = dict(_files(target))
        for name in sync_order(target):
            disk.sync(name)
        mark = msgspec.json.encode({"release": release.name, "version": release.version, "files": files})
        put(disk, target / MARK, mark)
        disk.sync(folder)
        remove(disk, wheels)
    except OSError as error:
        raise Unusable(
            "no-space" if error.errno in _FULL else "disk",
            f"{error.filename or target}: {error.strerror or error}",
        ) from None


def clear(folder: Path, side: str, disk: Disk = DISK) -> None:
    """Leave nothing of a side; its mark goes first. Raises OSError."""
    target = folder / side
    if target.exists():
        disk.unlink(target / MARK)
        disk.sync(target)
        remove(disk, target)


def sync_order(target: Path) -> Iterator[Path]:
    """Every file of a tree, then its folders from the innermost out."""
    for above, folders, files in os.walk(target, topdown=False):
        yield from (Path(above) / name for name in files if not (Path(above) / name).is_symlink())
        yield from (Path(above) / name for name in folders)
    yield target


def _files(target: Path) -> Iterator[tuple[str, int]]:
    for path in sorted(target.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.name != MARK:
            yield path.relative_to(target).as_posix(), path.stat().st_size


def _install(target: Path, wheels: Path, release: Release, stopped: threading.Event) -> None:
    wanted = wheels / "wanted.txt"
    wanted.write_text(
        "".join(f"{wheels / file.name} --hash=sha256:{file.sha256}\n" for file in release.files)
    )
    command = [
        sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--require-hashes", "--no-cache-dir",
        "--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--find-links", str(wheels),
        "--target", str(target), "--requirement", str(wanted),
    ]  # fmt: skip
    # pip works beside the side, not in a /tmp that may be memory
    said = _run(command, INSTALL_S, {"TMPDIR": str(wheels), "PIP_CONFIG_FILE": os.devnull}, stopped)
    if said:
        raise Unusable("no-space" if "No space left" in said else "not-installed", f"{release.name}: {said}")


def _start(target: Path, release: Release, check: Sequence[str], stopped: threading.Event) -> None:
    own = {"PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    said = _run([*check, str(target), release.version], LOOK_S, own, stopped)
    if said:
        raise Unusable("does-not-start", f"{release.name}: {said}")


def _run(command: Sequence[str], within_s: float, own: Mapping[str, str], stopped: threading.Event) -> str:
    """Run a command that is to end with 0; else the last line it said. The wall goes first: it gets what is left of the processor."""
    around = {
        key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON", "NOTIFY_"))
    }
    with subprocess.Popen(
        ["nice", "-n", "15", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=around | dict(own),
    ) as child:  # fmt: skip
        end = time.monotonic() + within_s
        while True:
            try:
                told, _ = child.communicate(timeout=_STEP_S)
                break
            except subprocess.TimeoutExpired:
                if stopped.is_set():
                    child.kill()
                    raise Unusable("stopped", "the program ends") from None
                if time.monotonic() > end:
                    child.kill()
                    return f"not done within {within_s:.0f} s"
    if child.returncode == 0:
        return ""
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return (lines[-1] if lines else f"ended with {child.returncode}")[:_TOLD]
