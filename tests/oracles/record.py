"""Write down again what the installed oracles say: `python -m tests.oracles.record [SCHEME ...]`.

A file of `tests/data/payments/` is {"scheme", "source", "cases"}; a case is {"library": "npm:NAME VERSION", "input":
the scheme's JSON fields, "output": what the library says} and, where we write something else on purpose, "differs": why, with "unread": true where we refuse to read theirs.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.oracles.asking import ROOT, ask, missing, pins

DATA = ROOT / "tests" / "data" / "payments"
Case = dict[str, Any]


def load(file: Path) -> dict[str, Any]:
    """One file of recorded cases."""
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded


def save(file: Path, recorded: dict[str, Any]) -> None:
    """Write a file with one case on each line, so that a change is seen as the cases it touches."""
    head = {key: value for key, value in recorded.items() if key != "cases"}
    lines = ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in recorded["cases"])
    start = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    file.write_text(f'{start},\n "cases": [\n  {lines}\n ]\n}}\n')


def library_of(case: Case) -> str:
    """`npm:NAME` of a case."""
    return str(case["library"]).split(" ")[0]


def main() -> None:
    """Ask the installed libraries about the recorded inputs and write their answers."""
    for file in sorted(DATA.glob("*.json")):
        if len(sys.argv) > 1 and file.stem not in sys.argv[1:]:
            continue
        recorded = load(file)
        for library, group in groupby(recorded["cases"], library_of):
            cases = list(group)
            if missing(library):
                sys.stderr.write(f"{file.name}: {missing(library)}\n")
                continue
            answers = ask(library, recorded["scheme"], [case["input"] for case in cases])
            for case, answer in zip(cases, answers, strict=True):
                case["library"] = f"{library} {pins()[library]}"
                case["output"] = answer
        save(file, recorded)


if __name__ == "__main__":
    main()
