"""`[content]` is checked whole, and a technician with a stick is told plainly what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.durable import DISK
from kiosk.cli import main
from kiosk.config import BadConfig, parse_config
from kiosk.fetching.files import alone
from tests.kiosk.fetching.repositories import Repository

BASE = """
[paths]
store = "store"
state = "state"
[address]
tenant = "demo"
site = "s1"
kiosk = "K1"
[content]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "stick")
    made.release({"a.json": b"price 1.99"})
    (tmp_path / "root.json").write_bytes(made.installed)
    (tmp_path / "kiosk.toml").write_text(BASE + 'root = "root.json"\nsources = ["nowhere"]\n')
    return made


def fetch(folder: Path, *words: str) -> int:
    return main(["fetch", "--config", str(folder / "kiosk.toml"), *words])


def test_a_technician_brings_a_release_on_a_stick(
    tmp_path: Path, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(tmp_path, "--from", str(repository.folder)) == 0
    said = capsys.readouterr().out
    assert "demo-000001 is signed for every kiosk of this operator" in said
    assert "100 %" in said
    assert "demo-000001 is whole on this kiosk: 1 files" in said


def test_what_went_wrong_comes_with_what_to_do(
    tmp_path: Path, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(tmp_path) == 1
    assert "not fetched: no-source" in (said := capsys.readouterr().out)
    assert "Is the cable in" in said
    assert "What the kiosk sells from is untouched." in said
    assert fetch(tmp_path, "--from", str(repository.folder), "--release", "demo-000007") == 1
    assert "Ask your operator" in capsys.readouterr().out
    (tmp_path / "root.json").write_bytes(Repository(tmp_path / "other").installed)
    assert fetch(tmp_path, "--from", str(repository.folder)) == 1
    assert "not your operator's" in capsys.readouterr().out
    (tmp_path / "root.json").unlink()
    assert fetch(tmp_path, "--from", str(repository.folder)) == 1
    assert "no root metadata to believe" in capsys.readouterr().out


def test_two_programs_take_turns(tmp_path: Path) -> None:
    waited: list[int] = []

    class Enough(Exception):
        pass

    def wait() -> None:
        waited.append(1)
        if len(waited) == 3:
            raise Enough

    with alone(DISK, tmp_path, wait), pytest.raises(Enough), alone(DISK, tmp_path, wait):
        pass
    with alone(DISK, tmp_path, wait):
        assert len(waited) == 3


@pytest.mark.parametrize(("said", "error"), [
    ('sources = ["ftp://x"]\nroot = "r"', "Expected https://HOST"),
    ('sources = ["https://me:secret@x"]\nroot = "r"', "Expected https://HOST"),
    ('sources = ["https://x?a=b"]\nroot = "r"', "Expected https://HOST"),
    ('sources = ["http://x:99999"]\nroot = "r"', "Expected https://HOST"),
    ('sources = [""]\nroot = "r"', "Expected a folder or https://HOST, got ''"),
    ('peers = ["//"]\n', "Expected `root` beside `sources`"),
    ('sources = ["https://x"]', "Expected `root` beside `sources`"),
    ('sources = ["https://x"]\nroot = "r"\nmetered = ["https://y"]', "at `content.metered`"),
    ('window = ["1:00", "05:00"]', "at `content.window`"),
    ('window = ["01:00", "24:00"]', "at `content.window`"),
    ('share = "8099"', "at `content.share`"),
    ('share = "0.0.0.0:99999"', "at `content.share`"),
    ("kib_s = -1", "at `content.kib_s`"),
    ("check_s = 1", "at `content.check_s`"),
    ('hours = "all"', "unknown field `hours`"),
])  # fmt: skip
def test_a_table_that_cannot_work_is_refused_with_its_key(tmp_path: Path, said: str, error: str) -> None:
    with pytest.raises(BadConfig) as refused:
        parse_config(BASE + said, tmp_path)
    assert error in str(refused.value)


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    content = parse_config(
        BASE + 'sources = ["stick", "https://x/y"]\nroot = "r.json"\nmetered = ["stick"]', tmp_path
    ).content
    assert content.sources == (str(tmp_path / "stick"), "https://x/y")
    assert content.metered == (str(tmp_path / "stick"),)
    assert content.root == str(tmp_path / "r.json")
