"""docs/schemes.md is true: its table is the code's, its examples print what it says they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from fleet.payments.codecs import cli, table

DOCUMENT = Path(__file__).parents[3] / "docs" / "schemes.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
CONSOLE = re.search(r"```console\n(.*?)```", TEXT, re.DOTALL)


def test_the_table_is_current() -> None:
    assert table.written(TEXT) == TEXT, "python -m fleet.payments.codecs.table docs/schemes.md"


def test_the_examples_print_what_the_page_says(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert CONSOLE is not None
    for example in CONSOLE[1].split("$ endcap payload ")[1:]:
        command, _, printed = example.partition("\n")
        cli.main(shlex.split(command))
        out, err = capfdbinary.readouterr()
        assert (out + err).decode() == printed
