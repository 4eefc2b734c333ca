"""The import contracts bite: a wrong import, put into a copy of the tree, is refused with its name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kiosk", "devices", "mqtt", "content", "fleet")

WRONG = [
    ("kiosk/core/session.py", "import time", "The core decides and does no I/O"),
    ("kiosk/core/session.py", "from mqtt import topics", "The core decides and does no I/O"),
    ("kiosk/ui/app.py", "from kiosk.core import session", "The screen only draws"),
    ("kiosk/ui/app.py", "from kiosk.link import socket", "The screen only draws"),
    ("kiosk/link/wire.py", "from kiosk.ledger import book", "The link knows views and sockets"),
    ("kiosk/identity/machine.py", "from kiosk import agent", "Kiosk: the program stands on the agent"),
    ("fleet/store/store.py", "import kiosk.views", "Two programs stand on three libraries"),
    ("mqtt/topics.py", "import content.model", "Two programs stand on three libraries"),
    ("fleet/payments/codecs/epc.py", "import msgspec", "Payment codes need the standard library alone"),
    ("devices/supervision/manager.py", "import kiosk.views", "Two programs stand on three libraries"),
    ("devices/protocol/lines.py", "import time", "Device protocols are bytes in, events out"),
    (
        "devices/protocol/lines.py",
        "from devices.transport import base",
        "Device protocols are bytes in, events out",
    ),
    ("devices/transport/serial.py", "from devices.protocol import lines", "Devices: arrows point one way"),
    (
        "devices/drivers/line_scanner.py",
        "from devices.finding import discovery",
        "Devices: arrows point one way",
    ),
    ("devices/errors.py", "from devices import events", "Devices: arrows point one way"),
    ("devices/supervision/lifecycle.py", "import time", "What becomes of a device is decided without hands"),
    ("devices/supervision/opening.py", "from devices.sim import wire", "Simulators stand beside"),
    (
        "kiosk/ledger/money.py",
        "from kiosk.fleet_line import line",
        "The ledger keeps, and knows neither the agent",
    ),
    ("mqtt/messages.py", "import time", "What kiosks and fleet say is words"),
    ("kiosk/clock/time_quality.py", "import time", "What is decided beside the core"),
    ("fleet/events/marks.py", "import sqlalchemy", "What is decided beside the core"),
    ("kiosk/simulate/day.py", "from mqtt import client", "What is decided beside the core"),
    ("fleet/sources/base.py", "from fleet.ingest import ingest", "Fleet: events come up from a source"),
    ("fleet/events/marks.py", "from fleet.store import retention", "Fleet: events come up from a source"),
    ("fleet/reports/roster.py", "from fleet.ingest import inbox", "Fleet: events come up from a source"),
    ("fleet/claims/claims.py", "from fleet.ingest import acks", "Fleet: money, claims and commands know"),
    ("fleet/broker/broker.py", "from fleet.store import store", "Fleet: a broker is started by whoever"),
    ("fleet/identity/book.py", "from fleet.web import app", "Fleet: who may speak"),
    ("kiosk/agent.py", "from kiosk.simulate import day", "Simulated kiosks stand beside"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages without pictures, and of the contracts."""
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "pictures", "*.webp", "*.po"),
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def check(tree: Path) -> subprocess.CompletedProcess[str]:
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-P", "-c", script, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip


def test_the_tree_as_it_is_keeps_every_contract(tree: Path) -> None:
    done = check(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("file", "line", "contract"), WRONG)
def test_a_wrong_import_is_refused(tree: Path, file: str, line: str, contract: str) -> None:
    path = tree / file
    good = path.read_text()
    path.write_text(f"{good}\n{line}\n")
    try:
        done = check(tree)
    finally:
        path.write_text(good)
    assert done.returncode != 0
    broken = [row for row in done.stdout.splitlines() if "BROKEN" in row]
    assert any(contract in row for row in broken), done.stdout
