"""`endcap fleet nats-config` as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.cli.main import main

THREE = ["--node", "a=mq-a", "--node", "b=mq-b", "--node", "c=mq-c", "--data", "/srv/nats"]


def test_each_node_gets_its_own_file_from_the_same_list(tmp_path: Path) -> None:
    for name in "abc":
        assert main(["nats-config", *THREE, "--here", name, "--out", str(tmp_path / name)]) == 0
    texts = [(tmp_path / name).read_text() for name in "abc"]
    assert all(f"server_name: {name}\n" in text for name, text in zip("abc", texts, strict=True))
    assert all(text.count("nats-route://") == 2 for text in texts)


def test_it_is_printed_where_no_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nats-config", *THREE, "--here", "a", "--sync", "always"]) == 0
    assert "sync_interval: always" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--here", "d"], "one of a, b, c expected"),
        (["--here", "a", "--key", "k.pem"], "go together"),
        (["--here", "a", "--node", "d=mq-d"], "one, three or five"),
        (["--here", "a", "--out", "/nowhere/file"], "No such file"),
    ],
)
def test_what_cannot_be_is_one_line(more: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nats-config", *THREE, *more]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("node", ["a", "=b", "a=x y", 'a="; x'])
def test_a_node_that_is_none_is_refused_at_once(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nats-config", "--node", node, "--here", "a", "--data", "/srv/nats"])
    assert "--node" in capsys.readouterr().err
