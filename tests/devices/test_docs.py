"""The docs of devices say what is so: every model, the table of states, a package of somebody else's, every link."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from devices.finding.ports import parse_port
from devices.registry import models
from devices.supervision.lifecycle import Happening, Life, step

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "devices.md").read_text()
ADDING = (ROOT / "docs" / "adding-devices.md").read_text()
STATES = ("absent", "opening", "ready", "lost", "failed")
WORDS = {
    Happening.MISSING: "not there",
    Happening.THERE: "there",
    Happening.OPENED: "it answers",
    Happening.GONE: "`Gone`",
    Happening.MUTE: "`Timeout`",
    Happening.BARRED: "`Busy`, `NoPermission`",
    Happening.WRONG: "`ProtocolError`",
}
OPEN = ("opening", "ready")


def states_table() -> str:
    """What happens to a device in each state, as Markdown, from the code."""
    rows = ["| state | " + " | ".join(WORDS.values()) + " |", "|---" * (len(WORDS) + 1) + "|"]
    for state in STATES:
        cells = []
        for happened in WORDS:
            looked = happened in (Happening.MISSING, Happening.THERE)
            fits = looked != (state in OPEN) and not (state == "ready" and happened is Happening.OPENED)
            after = step(Life(state, tries=9, told=state), happened).life.state
            cells.append(after if fits else "")
        rows.append(f"| **{state}** | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def test_every_model_has_its_row_in_the_support_matrix() -> None:
    rows = {row[0].strip("`"): row for row in (line.strip("| ").split(" | ") for line in DOC.splitlines())}
    missing = [name for name in models() if name not in rows]
    assert not missing, "docs/devices.md, What is supported, has no row for these"
    for name, model in models().items():
        assert rows[name][1] == model.kind
        assert rows[name][-1] == model.tested, (
            f"{name}: what it was tested against, in the docs and its declaration"
        )


def test_the_table_of_states_is_the_codes() -> None:
    assert states_table() in DOC, f"docs/devices.md, How a device lives:\n{states_table()}"


def test_every_port_in_the_table_is_one() -> None:
    ports = re.findall(r"^\| `([^`]+)` \| ", DOC[DOC.index("| `port` |") :].split("\n\n")[0], re.MULTILINE)[
        1:
    ]
    assert len(ports) == 7
    for port in ports:
        parse_port(port)


def test_a_package_of_somebody_elses_brings_its_model(tmp_path: Path) -> None:
    """The example in docs/adding-devices.md, installed into a folder, and a fresh Python that has it on its path."""
    section = ADDING[ADDING.index("## Models of other packages") :]
    project, module = (re.search(rf"```{kind}\n(.*?)```", section, re.DOTALL) for kind in ("toml", "python"))
    assert project is not None
    assert module is not None
    source, target = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "pyproject.toml").write_text(project[1])
    (source / "toaster_endcap.py").write_text(module[1])
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True, timeout=120)
    (target / "broken-1.0.dist-info").mkdir()
    (target / "broken-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n"
    )
    (target / "broken-1.0.dist-info" / "entry_points.txt").write_text(
        "[endcap.devices]\nbroken = nowhere:MODELS\n"
    )
    script = (
        "from devices.registry import model, models\n"
        "print(model('toaster-scan').product, 'line-scanner' in models())\n"
        "from devices.technician.cli import main\n"
        "main(['rules'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    assert done.stdout.startswith("Toaster Works Crumb 2D, CDC True\n")
    assert 'ATTR{idVendor}=="beef"' in done.stdout
    assert "models of nowhere:MODELS cannot be loaded" in done.stderr
