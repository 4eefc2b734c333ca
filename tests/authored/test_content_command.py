"""`endcap content`: what a person at the operator's sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import endcap
from content.store import OpenStore
from tests.authored import folders
from tests.authored.folders import a_folder

AIRPORT = ["--kiosk", "op/airport/K1"]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = endcap.main(["content", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_right_folder_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "check", str(a_folder(tmp_path)))
    assert code == 0
    assert "5 products, 1 merchants, 3 groups, 1 price lists, 1 walls" in out


def test_a_wrong_folder_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = a_folder(tmp_path, feed=folders.FEED.replace("0.60 EUR", "cheap"), books=None)
    code, _, err = said(capsys, "check", str(folder))
    assert code == 1
    assert "feed.tsv: line 3, price (B1): expected" in err
    assert "feeds/books.tsv: " in err
    code, out, _ = said(capsys, "check", "--json", str(folder))
    assert code == 1
    assert {each["file"] for each in json.loads(out)["mistakes"]} >= {"feed.tsv", "feeds/books.tsv"}


def test_a_kiosk_is_told_and_written_as_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, into = a_folder(tmp_path / "content"), tmp_path / "store"
    code, out, _ = said(capsys, "resolve", str(folder), *AIRPORT, "--into", str(into))
    assert code == 0
    assert "groups       airport, all" in out
    with OpenStore(into) as store:
        assert store.store.version in out
        first = store.by_facing(3)
        assert first is not None
        assert first.merchant == "books"
        milk = store.product(folders.MILK)
        assert milk is not None
        assert store.picture(milk) is not None


def test_a_kiosk_is_told_to_a_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--kiosk", "op/x/K1", "--orientation", "landscape", "--tag", "air", "--json"]
    code, out, _ = said(capsys, "resolve", str(a_folder(tmp_path)), *words)
    assert code == 0
    assert json.loads(out)["products"][0]["gtin"] == folders.CREAM


def test_what_cannot_be_done_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "resolve", str(tmp_path), *AIRPORT)[0] == 1
    with pytest.raises(SystemExit) as stopped:
        endcap.main(["content", "resolve", str(tmp_path), "--kiosk", "airport"])
    assert stopped.value.code == 2
    code, _, err = said(capsys, "fly")
    assert (code, "there are: check, resolve" in err) == (2, True)
    assert said(capsys)[0] == 2
    assert said(capsys, "--help")[0] == 0
    (tmp_path / "file").write_text("")
    folder = a_folder(tmp_path / "content")
    assert said(capsys, "resolve", str(folder), *AIRPORT, "--into", str(tmp_path / "file"))[0] == 1
