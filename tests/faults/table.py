"""A campaign's outcome as the table docs quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults.outcome import Outcome


def table(outcomes: Sequence[Outcome]) -> str:
    """Faults by kind and what came of them, one column per campaign and their sum."""
    heads = ["", *(f"{one.plan.transport}, {one.plan.store}" for one in outcomes), "sum"]
    faults: Counter[str] = Counter()
    for one in outcomes:
        faults += one.faults
    rows = [_row(name, (one.faults[name] for one in outcomes)) for name in sorted(faults)]
    rows += [
        _row("**kill -9 of one process**", (one.kills for one in outcomes)),
        _row("**power cuts**", (one.cuts for one in outcomes)),
        _row("events tried", (one.verdict.tried for one in outcomes)),
        _row("events a ledger said are kept", (one.verdict.durable for one in outcomes)),
        _row("events in the store", (one.verdict.stored for one in outcomes)),
        _row("**lost**", (len(one.verdict.lost) for one in outcomes)),
        _row("**counted twice**", (len(one.verdict.twice) for one in outcomes)),
        _row("control (delete on PUBACK): kept", (one.straw_durable for one in outcomes)),
        _row("**control: lost**", (one.straw_lost for one in outcomes)),
        _row("seconds", (round(one.seconds) for one in outcomes)),
    ]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(name: str, numbers: Iterable[int]) -> list[str]:
    each = list(numbers)
    return [name, *(f"{number:,}" for number in each), f"{sum(each):,}"]


def problems_of(outcomes: Sequence[Outcome]) -> list[str]:
    """What no campaign may find, with the seed that finds it; a control that loses nothing is such a thing too."""
    found = [
        f"seed {one.plan.seed}, {one.plan.transport}, {one.plan.store}: {text}"
        for one in outcomes
        for text in one.verdict.problems
    ]
    if any(one.straw_durable for one in outcomes) and not sum(one.straw_lost for one in outcomes):
        found.append("the control lost nothing: these campaigns prove nothing")
    return found
