"""docs/adding-devices.md, "Add a scanner": the declaration and the file work as they are printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from devices.models import Model, Setting, Usb
from devices.replay import replay
from devices.settings import read_settings
from devices.sim.scanner import SetUp, SimScanner
from devices.trace import parse_trace, read_trace
from devices.transport.serial import SerialTransport

DOCS = Path(__file__).parents[3] / "docs" / "adding-devices.md"


@pytest.fixture
def printed() -> list[str]:
    """The section's code blocks."""
    section = DOCS.read_text().split("\n## Add a scanner\n")[1].split("\n## ")[0]
    return re.findall(r"^```\w*\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


@pytest.fixture
def recorded(printed: list[str]) -> str:
    return next(block for block in printed if block.startswith("# endcap trace 1\n"))


@pytest.fixture
def declared(printed: list[str]) -> tuple[dict[str, Any], Model]:
    names: dict[str, Any] = {}
    exec(printed[0], names)
    (model,) = names["MODELS"]
    assert isinstance(model, Model)
    return names, model


def test_the_declaration_reads_the_recorded_file(
    printed: list[str], recorded: str, declared: tuple[dict[str, Any], Model], tmp_path: Path
) -> None:
    names, model = declared
    path = tmp_path / "acme-2d.trace"
    path.write_text(recorded)
    assert read_trace(path).model == model.name
    assert len(read_trace(path).expected) == 2
    names["path"] = path
    exec(next(block for block in printed if "from devices.replay" in block), names)
    spoiled = recorded.replace("4006381333931", "4006381333932")
    assert "expected Scan" in replay(model, parse_trace(spoiled))


def test_the_printed_configuration_is_one(
    printed: list[str], declared: tuple[dict[str, Any], Model], tmp_path: Path
) -> None:
    _, model = declared
    path = tmp_path / "bench.toml"
    path.write_text(next(block for block in printed if block.startswith("[[devices]]")))
    settings, socket = read_settings(path, {model.name: model}, b"")
    assert settings == [Setting("scanner", model.name, "auto")]
    assert socket is None


def test_the_declared_scanner_is_triggered(declared: tuple[dict[str, Any], Model], tmp_path: Path) -> None:
    _, model = declared
    assert model.match == (Usb(0x1234, 0x5678),)
    sim = SimScanner(tmp_path / "acme", "honeywell", SetUp(suffix=b"\t", host_trigger=True))
    driver: Any = model.drive(
        Setting("scanner", model.name, "-"), SerialTransport(str(tmp_path / "acme"), 57600)
    )
    driver.trigger(True)
    while not sim.head.reading:
        driver.turn(0.05)
    sim.scan("4006381333931")
    (scan,) = driver.turn(5.0)
    assert scan.text == "4006381333931"
    driver.close()
    sim.close()
