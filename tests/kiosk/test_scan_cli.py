"""`endcap scan`, and docs/scanning.md, which shows it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.codes.codes import KINDS
from kiosk.codes.scan_cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scanning.md").read_text(encoding="utf-8")


def test_the_examples_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    console = re.search(r"```console\n(.*?)```", PAGE, re.DOTALL)
    assert console is not None
    for example in console[1].split("$ endcap scan ")[1:]:
        command, _, printed = example.partition("\n")
        code = main(shlex.split(command))
        assert capsys.readouterr().out == printed
        assert code == ('"unknown"' in printed)


def test_the_page_explains_every_kind() -> None:
    assert tuple(sorted(KINDS)) == tuple(sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE)))


def test_lines_are_read_one_by_one() -> None:
    done = subprocess.run(
        [sys.executable, "endcap.py", "scan", "parse", "-"], cwd=ROOT, capture_output=True, text=True, check=False,
        input="4006381333931\r\nK7Q2-9MXT\n\nhttps://example.com\n", timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["kind"] for each in told] == ["gtin", "pickup", "unknown", "url"]
    assert told[2]["why"] == "nothing was read"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["parse"], "TEXT"),
        (["read", "x"], "'read'"),
        (["parse", "x", "--aim", "Q3"], "expected an AIM identifier such as ]E0 or ]Q3, found 'Q3'"),
    ],
)
def test_a_wrong_command_is_told(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_help_says_what_the_kinds_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["parse", "--help"])
    said = capsys.readouterr().out
    assert all(kind in said.replace("digital-\n", "digital-") for kind in KINDS)
