"""`endcap publish` and its neighbours: words in, one line out for what is wrong, and nothing changed by it."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import msgspec
import pytest

import content
from content.release.activating import activation, told
from content.release.manifest import Activation
from content.release.repository import Repository
from tests.content.release.repositories import Operator

DEMO = Path(content.__file__).parent / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content folder of its own."""
    made = tmp_path / "content"
    shutil.copytree(DEMO, made, ignore=shutil.ignore_patterns("studio", "bad-feed.tsv"))
    return made


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, int(time.time()))


def test_a_folder_is_published_listed_and_made_current(
    operator: Operator, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("--keys", str(operator.keys))
    when = ("--at", "2026-12-24T02:00", "--window", "01:00-04:00")

    assert operator.command("releases") == 0
    assert "nothing is published yet" in capsys.readouterr().out
    assert operator.command("publish", str(folder), *keys, *when, "--note", "Christmas") == 0
    said = capsys.readouterr().out
    assert "published demo-000001" in said
    assert "from 2026-12-24 02:00 Europe/Berlin, between 01:00 and 04:00" in said
    assert operator.command("publish", str(folder), *keys, *when) == 0
    assert "demo-000001 is this content already" in capsys.readouterr().out
    assert operator.command("publish", str(folder), *keys) == 0
    assert "endcap content current demo-000002" in capsys.readouterr().out
    assert operator.command("current", "demo-000002", *keys) == 0
    assert operator.command("refresh", *keys) == 0
    (operator.keys / "demo.pem").rename(tmp_path / "demo.pem")  # and its life is not half over yet
    assert operator.command("refresh", *keys) == 0
    (tmp_path / "demo.pem").rename(operator.keys / "demo.pem")
    assert operator.command("keys", "show", *keys) == 0
    assert "2 of 3" in capsys.readouterr().out

    assert operator.command("releases", "--json") == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert [(each["header"]["name"], each["current"]) for each in found] == [
        ("demo-000001", False),
        ("demo-000002", True),
    ]
    assert found[0]["header"]["activate"] == {"at": 1798074000, "window": [60, 240]}
    assert operator.command("retire", "demo-000001", *keys) == 0
    assert operator.command("releases") == 0
    assert "demo-000001" not in capsys.readouterr().out.split("\n", 1)[1]


def test_content_that_is_wrong_is_not_published(
    operator: Operator, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = folder / "feed.tsv"
    feed.write_text(feed.read_text("utf-8").replace(" EUR", " XXX", 1), "utf-8")

    assert operator.command("publish", str(folder), "--keys", str(operator.keys)) == 1

    assert "endcap publish: feed.tsv: line 2" in capsys.readouterr().err
    assert Repository(operator.folder).releases() == []


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--at", "tomorrow"), 2, "--at: expected a time such as 2026-12-24T02:00, found 'tomorrow'"),
        (("--at", "2027-03-28T02:30"), 2, "clocks in Europe/Berlin skip 2027-03-28T02:30"),
        (("--window", "1-4"), 2, "--window: expected hours such as 01:00-04:00, found '1-4'"),
        (("--window", "04:00-04:00"), 2, "--window: expected two different times"),
        (("--tenant", "other"), 1, "no operator 'other' here; there are: demo"),
        (("--passphrase-file", "/nowhere"), 2, "/nowhere: cannot be read"),
        (("--keys", "/nowhere"), 1, "/nowhere: no such folder of keys"),
    ],
)
def test_wrong_words_cost_nothing(
    operator: Operator,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    why: str,
) -> None:
    assert operator.command("publish", str(folder), "--keys", str(operator.keys), *words) == code

    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
    assert Repository(operator.folder).releases() == []


def test_a_passphrase_is_needed_where_nobody_can_be_asked(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator.__new__(Operator)
    operator.folder, operator.keys = tmp_path / "repository", tmp_path / "keys"
    secret, wrong = tmp_path / "secret", tmp_path / "wrong"
    secret.write_text("open sesame\n")
    wrong.write_text("close\n")
    words = ("--keys", str(operator.keys))

    assert operator.command("keys", "init", "--tenant", "demo", *words) == 2
    assert "--passphrase-file: new keys are encrypted with it" in capsys.readouterr().err
    assert not operator.keys.exists()
    assert operator.command("keys", "init", *words, "--plain") == 2
    assert "--tenant: name the operator" in capsys.readouterr().err
    assert operator.command("keys", "init", "--tenant", "demo", *words, "--passphrase-file", str(secret)) == 0
    assert operator.command("publish", str(folder), *words) == 1
    assert "demo.pem: needs its passphrase" in capsys.readouterr().err
    assert operator.command("publish", str(folder), *words, "--passphrase-file", str(wrong)) == 1
    assert "demo.pem: no passphrase that was given opens it" in capsys.readouterr().err
    assert operator.command("publish", str(folder), *words, "--passphrase-file", str(secret)) == 0
    assert operator.command("keys", "show", *words) == 0
    assert "encrypted" in capsys.readouterr().out


def test_a_moment_is_the_stores_own_and_unambiguous() -> None:
    berlin = "Europe/Berlin"

    assert activation("2026-12-24T02:00", "", berlin) == Activation(at=1_798_074_000)
    assert activation("2026-12-24T02:00+00:00", "", berlin) == Activation(at=1_798_077_600)
    assert activation("2026-10-25T02:30", "", berlin).at == 1_792_888_200  # the first of two
    assert activation("", "23:00-01:00", berlin) == Activation(window=(1380, 60))
    assert activation("", "22:00-24:00", berlin) == Activation(window=(1320, 1440))
    for window in ("24:00-01:00", "23:00-24:30", "25:00-26:00", "01:00-04:60", "01:00 - 04:00"):
        with pytest.raises(ValueError, match="--window"):
            activation("", window, berlin)
    assert told(Activation(), berlin) == "at once, when nobody is buying"
    assert told(Activation(window=(1380, 60)), berlin) == (
        "between 23:00 and 01:00 of each wall's day, when nobody is buying"
    )


def test_refresh_tells_a_timer_that_people_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path, int(time.time()) - 330 * 86_400)

    assert operator.command("refresh", "--keys", str(operator.keys)) == 3

    said = capsys.readouterr().err
    assert re.search(r"root expires in 3[45] days: `endcap content keys renew root` with its keys", said)
    assert operator.command("keys", "renew", "root", "targets", "--keys", str(operator.keys)) == 0
    assert operator.command("refresh", "--keys", str(operator.keys)) == 0
