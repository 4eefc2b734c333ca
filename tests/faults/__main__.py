"""`python -m tests.faults [--seed N] [--minutes M]`: campaigns, and the table of what was done and what came of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.faults import disks, walls
from tests.faults.campaign import Campaign
from tests.faults.outcome import Outcome, Plan
from tests.faults.plans import FULL, obstacle, possible
from tests.faults.table import problems_of, table

WALLS = len(FULL)  # the number of the campaign against releases, behind those against events


def main() -> int:
    """Run campaigns; 0 where nothing was lost, counted twice or torn, and the controls lost some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0.0, help="go on with further seeds for so long")
    parser.add_argument("--only", type=int, choices=range(WALLS + 1), help="only one kind of campaign")
    parser.add_argument("--keep", type=Path, help="leave logs, ledgers and databases in this folder")
    options = parser.parse_args()
    end, seed = time.monotonic() + 60 * options.minutes, options.seed
    outcomes: list[Outcome] = []
    hung: list[walls.WallOutcome] = []
    problems: list[str] = []
    while seed == options.seed or time.monotonic() < end:
        for number, wanted in enumerate(FULL):
            if options.only in (None, number) and (seed == options.seed or time.monotonic() < end):
                outcomes += _campaign(replace(wanted, seed=seed), options.keep)
        if options.only in (None, WALLS) and (seed == options.seed or time.monotonic() < end):
            found, amiss = _walls(seed, options.keep)
            hung, problems = hung + found, problems + amiss
        seed += 1
    if outcomes:
        print(table(outcomes), flush=True)
    if hung:
        print(walls.wall_table(hung), flush=True)
    problems += problems_of(outcomes)
    print("\n".join(problems) or "nothing lost, nothing counted twice, no release torn")
    return 1 if problems else 0


def _campaign(wanted: Plan, keep: Path | None) -> list[Outcome]:
    name = f"seed {wanted.seed}, {wanted.transport}, {wanted.store}"
    why = obstacle(wanted)
    if why:
        _say(f"{name}: left out: {why}")
        return []
    plan, left_out = possible(wanted)
    for what in left_out:
        _say(f"{name}: in part: {what}")
    with tempfile.TemporaryDirectory(prefix="endcap-faults-") as temporary:
        folder = keep / name.replace(", ", "-").replace(" ", "-") if keep else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL's user has a disk in it
        outcome = Campaign(plan, folder).run()
    verdict = "; ".join(outcome.verdict.problems) or "sound"
    _say(f"{name}: {outcome.kills} kills, {outcome.cuts} power cuts in {outcome.seconds:.0f} s: {verdict}")
    return [outcome]


def _walls(seed: int, keep: Path | None) -> tuple[list[walls.WallOutcome], list[str]]:
    """Every way to mount the disk, and the control; and what no campaign may find."""
    if why := disks.missing():
        _say(f"seed {seed}, releases: left out: {why}")
        return [], []
    outcomes: list[walls.WallOutcome] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="endcap-faults-") as temporary:
        for number, wanted in enumerate(walls.FULL):
            folder = (keep or Path(temporary)) / f"seed-{seed}-releases-{number}"
            folder.mkdir(parents=True, exist_ok=True)
            outcome = walls.Walls(replace(wanted, seed=seed), folder).run()
            name = f"seed {seed}, releases, {wanted.options or 'defaults'}"
            cuts = sum(outcome.found.values())
            _say(
                f"{name}: {cuts} power cuts in {outcome.seconds:.0f} s: {'; '.join(outcome.problems) or 'sound'}"
            )
            outcomes.append(outcome)
            problems += [f"{name}: {text}" for text in outcome.problems]
        if not walls.control(seed, Path(temporary)):
            problems.append(f"seed {seed}, releases: the control forgot nothing: these cuts prove nothing")
    return outcomes, problems


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
