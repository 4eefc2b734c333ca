"""The process a library from PyPI answers in: one question as JSON on stdin, the list of answers as the last line.

Adapters are the `ORACLES` of the files beside this one: library -> (scheme, input) -> what it says.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ADAPTERS = ("pypi_emv", "pypi_text")


def main() -> None:
    question = json.loads(sys.stdin.read())
    sys.path.insert(0, str(Path(__file__).parent))
    oracles: dict[str, Callable[[str, dict[str, Any]], str]] = {}
    for name in ADAPTERS:
        oracles |= importlib.import_module(name).ORACLES
    oracle = oracles[question["library"]]
    answers = []
    for given in question["inputs"]:
        try:
            answers.append(oracle(question["scheme"], given))
        except Exception as error:  # noqa: BLE001 - whatever a library raises is its way to refuse
            answers.append(f"! {type(error).__name__}: {error}")
    sys.stdout.write("\n" + json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
