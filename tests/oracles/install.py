"""Install the pinned oracles into `.oracles/`: `make oracles`. Standard library only; done before, it does nothing.

PyPI's go into a folder of their own, not into an environment: some bring modules of the same name as other packages.
npm's come by `npm ci` from the lock beside this file, which names no registry: yours is used.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "oracles"
FOLDER = ROOT / ".oracles"


def _wanted() -> tuple[list[str], str]:
    """The PyPI pins, and a name for everything that is to be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = list(project["optional-dependencies"]["oracles"])
    lock = (HERE / "package-lock.json").read_bytes()
    return pins, hashlib.sha256("\n".join([*pins, sys.version]).encode() + lock).hexdigest()


def main() -> int:
    pins, name = _wanted()
    stamp = FOLDER / "made-from"
    if stamp.exists() and stamp.read_text() == name:
        return 0
    npm = shutil.which("npm")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
    # Exactly the pins: what else they need is in the locked environment they run in.
    into = [*pip, "--no-deps", "--target", str(FOLDER / "python")]
    if subprocess.run([*into, *pins], check=False).returncode:
        # One of them cannot be had for this Python or machine: the others can.
        lacking = [pin for pin in pins if subprocess.run([*into, pin], check=False).returncode]
        sys.stderr.write(f"oracles: left out {', '.join(lacking)}\n")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, FOLDER)
    if npm is None:
        sys.stderr.write("oracles: npm is not installed; the libraries from npm are left out\n")
        return 0
    # Their install scripts are not run: none of them needs one.
    subprocess.run(
        [npm, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, check=True
    )
    stamp.write_text(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
