"""Ask an independent library: which there are, which are installed, and what one says to a list of inputs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "oracles"
FOLDER = ROOT / ".oracles"


def pins() -> dict[str, str]:
    """Library -> version for all there are: `pypi:NAME` from pyproject's extra, `npm:NAME` from package.json."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pypi = (pin.split("==") for pin in project["optional-dependencies"]["oracles"])
    npm: dict[str, str] = json.loads((HERE / "package.json").read_text())["dependencies"]
    return {f"pypi:{name}": version for name, version in pypi} | {f"npm:{name}": npm[name] for name in npm}


def missing(library: str) -> str:
    """Why a library cannot be asked here, "" where it can."""
    registry, _, name = library.partition(":")
    version = pins()[library]
    if registry == "npm":
        if shutil.which("node") is None:
            return "node is not installed"
        package = FOLDER / "node_modules" / name / "package.json"
        found = json.loads(package.read_text())["version"] if package.exists() else ""
    else:
        stem = re.sub(r"[-_.]+", "_", name)
        found = version if (FOLDER / "python" / f"{stem}-{version}.dist-info").exists() else ""
    return "" if found == version else f"{library} {version} is not installed: make oracles"


def ask(library: str, scheme: str, inputs: Sequence[dict[str, Any]]) -> list[str]:
    """What the library makes of each input: a payload from the scheme's JSON fields, or what its adapter says.

    An input it refuses gives "! " and the reason. Raises CalledProcessError where the library cannot be run.
    """
    registry, _, name = library.partition(":")
    question = json.dumps({"library": name, "scheme": scheme, "inputs": list(inputs)})
    if registry == "npm":
        command = ["node", str(HERE / "answer.mjs")]
        environment = os.environ | {"ORACLES": str(FOLDER)}
    else:
        command = [sys.executable, "-W", "ignore", str(HERE / "answer.py")]
        environment = os.environ | {"PYTHONPATH": str(FOLDER / "python")}
    done = subprocess.run(
        command, input=question, capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    # Some libraries print as they work: the answer is the last line.
    answers: list[str] = json.loads(done.stdout.splitlines()[-1])
    return answers
