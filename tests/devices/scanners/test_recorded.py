"""What scanners were recorded to say gives the events its file expects: a new scanner adds a file, no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.registry import model, models
from devices.replay import replay
from devices.trace import parse_trace, read_trace

RECORDED = Path(__file__).parents[2] / "data" / "scanners"
FILES = sorted(path.name for path in RECORDED.glob("*.trace"))


@pytest.mark.parametrize("name", FILES)
def test_what_was_recorded_gives_what_is_expected(name: str) -> None:
    trace = read_trace(RECORDED / name)
    assert name.startswith(trace.model)
    assert trace.source, f"{name}: say in a line `# source:` whose scanner that was"
    assert trace.expected, f"{name}: write `= Scan {{...}}` under its bytes (docs/adding-devices.md)"
    assert not replay(model(trace.model), trace)


def test_every_serial_scanner_has_a_file() -> None:
    ours = [
        name
        for name, each in models().items()
        if each.drive.__module__.endswith(("line_scanner", "ssi_scanner"))
    ]
    without = set(ours) - {read_trace(RECORDED / name).model for name in FILES}
    assert not without, f"nothing recorded in {RECORDED} for"


def test_what_differs_is_said() -> None:
    head = "# endcap trace 1\n# model: line-scanner\n0.0 < 39 36 33 38 35 30 37 34 0D\n"
    declared = model("line-scanner")
    assert "got nothing more" in replay(
        declared, parse_trace(head + '= Scan {"text": "96385074"}\n= Scan {}\n')
    )
    assert "expected Scan" in replay(declared, parse_trace(head + '= Scan {"text": "1"}\n'))
    assert replay(declared, parse_trace(head + "1.0 > 16\n= Scan {}\n")) == "sent nothing, expected 16"
