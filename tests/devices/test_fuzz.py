"""The inputs every parser's fuzzing begins from, and a few hundred broken ones of each; `make fuzz-devices` runs millions."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from devices.errors import ProtocolError
from tests.fuzz.device_targets import SEEDS, TARGETS

SEED, INPUTS = 20261122, 300
ROOT = Path(__file__).parents[2]


def test_every_parser_is_a_target() -> None:
    """Whatever is fed bytes is named where the targets are."""
    targets = "".join(file.read_text() for file in (ROOT / "tests/fuzz").glob("*.py"))
    fed = [file.stem for file in (ROOT / "devices/protocol").rglob("*.py") if "def feed(" in file.read_text()]
    assert len(fed) > 5
    assert [name for name in fed if not re.search(rf"\b{name}\b", targets)] == []


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_and_broken_ones_break_no_parser(name: str) -> None:
    random, seeds = Random(f"{SEED} {name}"), SEEDS[name]
    for data in [*seeds, *(broken(random.choice(seeds), random) for _ in range(INPUTS))]:
        try:
            TARGETS[name](data)
        except ProtocolError:
            continue
        except Exception as error:
            raise AssertionError(f"{name}: {data!r}") from error


def broken(data: bytes, random: Random) -> bytes:
    """With a few bytes changed, lost, doubled or made up."""
    body = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        start = random.randrange(len(body) + 1)
        end = min(len(body), start + random.choice((0, 1, 1, 3, 8)))
        body[start:end] = random.choice(
            (b"", random.randbytes(1), random.randbytes(5), bytes(body[:end]), b"\xff" * 9)
        )
    return bytes(body)
