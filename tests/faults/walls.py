"""Power cuts under a kiosk's releases: it fetches, hangs and keeps one after another on an ext4 of its own, and at random
moments the power goes. What is on the disk then must be whole, and as new as what the kiosk was told it keeps.

`Walls(plan, folder).run()`; see docs/faults.md. The releases are signed and come from a web server on loopback.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from content.store import write_store
from kiosk.adopting.laying import NEW
from kiosk.adopting.record import BadRecord, read
from kiosk.cli import main as kiosk_command
from tests.content import shop
from tests.faults.cast import Actor
from tests.faults.disks import Disk
from tests.faults.nursery import Nursery
from tests.faults.wall_process import PICTURE, number_of, parts_of, picture_of, products_of
from tests.kiosk.fetching.hostile import HostileServer
from tests.kiosk.fetching.repositories import TENANT, Repository

PATIENCE_S: Final = 60.0
EARLY: Final = 0.3  # of the cuts come while the kiosk starts, before it has kept anything anew
MODULE: Final = "tests.faults.wall_process"

CONFIG: Final = """
[address]
tenant = "{tenant}"
site = "s1"
kiosk = "K1"
[paths]
store = "{state}/store"
state = "{state}"
[content]
sources = ["{url}"]
root = "root.json"
carried = "none"
"""


@dataclass(frozen=True, slots=True)
class WallPlan:
    """What is done. `options`: how the disk is mounted, beside noatime."""

    seed: int = 1
    cuts: int = 10
    options: str = ""
    forgetful: bool = False  # the control: fsync is never called by what fetches and hangs
    within_s: float = 0.6  # of the kiosk having kept a release, or of its start


# `make test-faults`, and with every `make test`. ext4 as it comes, and as somebody may have tuned it: bytes that were not
# synced may be missing behind names that are there, and names change on the disk each second, or once a minute.
FULL: Final = (
    WallPlan(cuts=60),
    WallPlan(cuts=40, options="data=writeback,commit=1"),
    WallPlan(cuts=20, options="commit=60"),
)
BRIEF: Final = (WallPlan(cuts=10), WallPlan(cuts=10, options="data=writeback,commit=1"))


@dataclass(slots=True)
class WallOutcome:
    """What came of it. `found`: in what state the cuts found the kiosk."""

    plan: WallPlan
    found: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    kept: int = 0  # releases, one after the other
    failed: Counter[str] = field(default_factory=Counter)  # fetches, by reason
    seconds: float = 0.0


@dataclass(kw_only=True)
class WallKiosk(Actor):
    """The process whose power goes, and what it has said."""

    disk: Disk
    forgetful: bool
    kind: str = "wall"

    @property
    def witness(self) -> Path:
        """See tests.faults.wall_process."""
        return self.folder / "wall.witness"

    @property
    def config(self) -> Path:
        """Its kiosk.toml."""
        return self.folder / "kiosk.toml"

    def start(self) -> None:
        """See Actor."""
        more = ("--forgetful",) if self.forgetful else ()
        self._begin(
            MODULE,
            "--config",
            str(self.config),
            "--witness",
            str(self.witness),
            *more,
            log=self.folder / "wall.log",
        )

    def said(self) -> list[list[str]]:
        """Every line in words; one without its end was never said."""
        text = self.witness.read_text() if self.witness.exists() else ""
        return [line.split(" ", 2) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def kept(self) -> int:
        """The last release it was told it keeps."""
        return max((int(line[1]) for line in self.said() if line[0] == "D"), default=0)


class Walls:
    """One kiosk, its web server and its disk."""

    def __init__(self, plan: WallPlan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._draw = random.Random(plan.seed)
        self._outcome = WallOutcome(plan)
        self._published = Repository(folder / "published")
        self._pictures = folder / "pictures"
        self._pictures.mkdir()

    def run(self) -> WallOutcome:
        """Everything up to the last cut, and one release more. Raises TimeoutError where nothing is kept any more."""
        begun = time.monotonic()
        with ExitStack() as stack:
            self._set_up(stack)
            self._kiosk.start()
            early = False
            for _ in range(self._plan.cuts):
                before = self._kiosk.kept()
                early = not early and before > 0 and self._draw.random() < EARLY
                if not early:
                    self._one_more(before)
                self._let_pass(self._draw.uniform(0, self._plan.within_s))
                self._cut()
            before = self._kiosk.kept()
            self._one_more(before)
            self._hear()
            self._outcome.kept = self._kiosk.kept()
        self._outcome.seconds = time.monotonic() - begun
        return self._outcome

    def forgets(self) -> bool:
        """One cut, right after a release was said to be kept: whether the disk knows nothing of it."""
        with ExitStack() as stack:
            self._set_up(stack)
            self._kiosk.start()
            self._one_more(0)
            self._kiosk.cut_power(self._kiosk.disk)
            number, _ = _confirmed(self._kiosk.disk.root / "content")
            return number < self._kiosk.kept()

    def _set_up(self, stack: ExitStack) -> None:
        server = stack.enter_context(HostileServer(self._published.folder))
        nursery = stack.enter_context(Nursery())
        disk = Disk(self._folder, "card", options=self._plan.options)
        stack.callback(disk.close)
        stack.callback(nursery.kill_all)
        self._kiosk = WallKiosk(
            nursery=nursery, folder=self._folder, disk=disk, forgetful=self._plan.forgetful
        )
        write_store(disk.root / "store", shop.STORE, products_of(0))
        os.sync()  # what was installed is not what is tried
        (self._folder / "root.json").write_bytes(self._published.installed)
        self._kiosk.config.write_text(CONFIG.format(tenant=TENANT, state=disk.root, url=server.url))

    # --- time -------------------------------------------------------------------------------------------------

    def _let_pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._publish()
            time.sleep(min(0.005, max(0.0, left)))

    def _one_more(self, before: int) -> None:
        self._until(lambda: self._kiosk.kept() > before, f"a release after {before} to be kept")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if not self._kiosk.alive or time.monotonic() > end:
                said, log = self._kiosk.said()[-8:], (self._folder / "wall.log").read_text()[-3_000:]
                raise TimeoutError(f"seed {self._plan.seed}: waited in vain for {what}: {said}\n{log}")
            self._publish()
            time.sleep(0.005)

    def _publish(self) -> None:
        """The next release, as soon as the one before is kept: a kiosk that works is always between two."""
        if self._kiosk.kept() < self._published.number:
            return
        number = self._published.number + 1
        picture = self._pictures / f"{number}.webp"
        picture.write_bytes(picture_of(number))
        self._published.release(parts_of(number), {PICTURE: picture})

    # --- cuts -------------------------------------------------------------------------------------------------

    def _cut(self) -> None:
        """The power goes and comes back; what the disk holds is looked at before anybody touches it, and by who starts then."""
        self._kiosk.cut_power(self._kiosk.disk)
        told = self._kiosk.kept()
        state = self._kiosk.disk.root
        self._outcome.found[_state(state / "content")] += 1
        problems = [*_damaged(self._kiosk.config), *_wrong_blobs(state / "content/blobs")]
        number, why = _confirmed(state / "content")
        if number < told or why:
            problems.append(f"release {number} is confirmed, and {told} was said to be {why}")
        starts = self._starts()
        self._kiosk.start()
        self._until(lambda: len(self._starts()) > len(starts), "the kiosk to sell again")
        shown = self._starts()[-1]
        if shown[0] == "B" and not told <= int(shown[1]) <= self._published.number:
            problems.append(f"release {shown[1]} ({shown[2]}) is sold after {told} was said to be kept")
        self._outcome.problems += problems

    def _starts(self) -> list[list[str]]:
        return [line for line in self._kiosk.said() if line[0] in "BX"]

    def _hear(self) -> None:
        for line in self._kiosk.said():
            if line[0] == "X":
                self._outcome.problems.append(" ".join(line))
            elif line[0] == "F":
                self._outcome.failed[line[1].rstrip(":")] += 1


def control(seed: int, folder: Path) -> bool:
    """Whether in one of a few cuts a kiosk that calls no fsync forgets what it has said it keeps."""
    for number in range(5):
        one = folder / f"control-{number}"
        one.mkdir()
        if Walls(WallPlan(seed=seed, forgetful=True), one).forgets():
            return True
    return False


def _damaged(config: Path) -> Sequence[str]:
    """What `endcap kiosk content` finds amiss."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = kiosk_command(["content", "--config", str(config)])
    lines = said.getvalue().splitlines()
    return [f"content ended with {code}"] * bool(code) + [
        line for line in lines if "DAMAGED" in line or "record " in line
    ]


def _wrong_blobs(folder: Path) -> list[str]:
    """Files that have their name, and are not what it says."""
    return [
        f"{path.name} is damaged"
        for path in folder.glob("??/*")
        if not path.suffix and hashlib.sha256(path.read_bytes()).hexdigest() != path.name
    ]


def _confirmed(content: Path) -> tuple[int, str]:
    try:
        wall = read(content).confirmed
    except BadRecord as error:
        return 0, str(error)
    return (number_of(wall.release) if wall else 0), ""


def _state(content: Path) -> str:
    """What the kiosk was doing, as its disk knows it."""
    try:
        slots = read(content)
    except BadRecord:
        return "record damaged"
    if slots.trying:
        return "on trial"
    if slots.staged:
        return "staged"
    if (content / "walls" / NEW).exists():
        return "wall being made"
    if any(content.glob("blobs/*/*.part")):
        return "within a file"
    number = number_of(slots.confirmed.release) if slots.confirmed else 0
    if (content / "blobs" / _picture_blob(number + 1)).exists():
        return "all fetched"
    return "kept, or metadata fetched"


def _picture_blob(number: int) -> str:
    digest = hashlib.sha256(picture_of(number)).hexdigest()
    return f"{digest[:2]}/{digest}"


def wall_table(outcomes: Sequence[WallOutcome]) -> str:
    """As docs quote it, one column per plan."""
    names = sorted({name for one in outcomes for name in one.found})
    rows = [["", *(one.plan.options or "defaults" for one in outcomes), "sum"]]
    rows.append(["---", *["---:"] * (len(outcomes) + 1)])
    counts = [(f"power cut, {name}", [one.found[name] for one in outcomes]) for name in names]
    counts += [
        ("**power cuts**", [sum(one.found.values()) for one in outcomes]),
        ("releases kept, one after the other", [one.kept for one in outcomes]),
        ("**walls not whole, releases forgotten**", [len(one.problems) for one in outcomes]),
        ("seconds", [round(one.seconds) for one in outcomes]),
    ]
    rows += [[name, *(f"{n:,}" for n in numbers), f"{sum(numbers):,}"] for name, numbers in counts]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
