"""The recorded descriptors and reports of tests/data/hidpos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "hidpos"
DESCRIPTORS: dict[str, dict[str, Any]] = json.loads((FOLDER / "descriptors.json").read_text())
REPORTS: dict[str, dict[str, Any]] = json.loads((FOLDER / "reports.json").read_text())


def descriptor(name: str) -> bytes:
    """A recorded report descriptor."""
    return bytes.fromhex(DESCRIPTORS[name]["descriptor"])


HIDPOS = [name for name, one in DESCRIPTORS.items() if one["expect"]]
