from __future__ import annotations

from pathlib import Path

from devices.registry import models


def test_every_model_has_a_row_in_the_support_matrix() -> None:
    text = (Path(__file__).parents[2] / "docs" / "devices.md").read_text()
    missing = [name for name in models() if f"| `{name}` |" not in text]
    assert not missing
