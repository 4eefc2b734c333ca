"""endcap import as an operator runs it: a process with words, exit codes, and a kill at the wrong moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from content.store import OpenStore, write_store
from tests.content.feeds import DEMO, rows_of, table
from tests.content.shop import STORE, gtin, products
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0  # a process starts and works: seconds here, minutes where all cores are busy


def endcap(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "endcap", "import", *map(str, words)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_demo_store_is_made_by_this_command(tmp_path: Path) -> None:
    done = endcap(DEMO / "feed.tsv", "--into", tmp_path / "store")
    assert done.returncode == 0
    assert "imported 250, left out 0, pictures 0, in " in done.stdout
    with OpenStore(tmp_path / "store") as store:
        assert store.store.names["en"] == "Pendelo Market · Line 2"
        assert sum(aisle.count for aisle in store.store.aisles) == 250


def test_wrong_rows_are_listed_and_all_reported(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = endcap(DEMO / "bad-feed.tsv", "--into", tmp_path / "store", "--report", report)
    assert done.returncode == 1
    assert (
        "bad-feed.tsv line 13, price (BAD-price-comma): expected a point before the cents: 2.49 EUR"
        in done.stdout
    )
    assert f"more problems; all in {report}" in done.stdout
    assert "imported 4, left out 38, pictures 0" in done.stdout
    said = json.loads(report.read_bytes())
    assert said["summary"]["left_out"] == 38
    assert said["summary"]["errors"] == 38
    assert len(said["problems"]) == 39
    assert said["problems"][1] == {
        "file": "bad-feed.tsv", "line": 3, "column": "gtin", "row": "BAD-check-digit", "severity": "error",
        "expected": "the check digit of 952199900002 is 0", "found": "'9521999000021'",
    }  # fmt: skip


def test_a_console_without_chinese_still_gets_the_message(tmp_path: Path) -> None:
    feed = tmp_path / "feed.tsv"
    feed.write_text("gtin\ttitle\tprice\n1\t苹果\t便宜\n", encoding="utf-8")
    done = endcap(feed, "--into", tmp_path / "store", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "found '\\u4fbf\\u5b9c'" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([DEMO / "bad-feed.tsv", "--strict"], 1, "--strict wants none; nothing was changed"),
        (["nowhere.tsv"], 2, "nowhere.tsv: cannot be read: No such file"),
        ([DEMO / "README.md"], 2, "expected a heading with columns such as gtin"),
        ([DEMO / "feed.tsv", "--store", DEMO / "feed.tsv"], 2, "not TOML"),
        (
            [DEMO / "feed.tsv", "--report", "/nowhere/r.json"],
            2,
            "/nowhere/r.json: cannot be written: No such file",
        ),
        ([], 2, "the following arguments are required: FEED"),
    ],
)
def test_what_is_refused_changes_nothing(tmp_path: Path, words: list[object], code: int, said: str) -> None:
    before = write_store(tmp_path, STORE, products(3))
    done = endcap(*words, "--into", tmp_path)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    with OpenStore(tmp_path) as store:
        assert store.store == before


def test_a_second_import_at_the_same_time_is_refused(tmp_path: Path) -> None:
    from content.store_writer import StoreWriter

    with StoreWriter(tmp_path):
        done = endcap(DEMO / "feed.tsv", "--into", tmp_path)
    assert done.returncode == 2
    assert "another import is writing this store" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_killed_leaves_the_old_store(tmp_path: Path, ending: signal.Signals) -> None:
    """The process dies while it brings in pictures; the old store still opens, and the next import goes through."""
    images, store = tmp_path / "images", tmp_path / "store"
    images.mkdir()
    rows = [row | {"gtin": gtin(place), "image_link": f"{place}.png"}
            for place, row in enumerate(rows_of(DEMO / "feed.tsv")[:40], start=1)]  # fmt: skip
    for place in range(1, len(rows) + 1):
        Image.new("RGB", (900, 900), (place % 256, place // 2, 80)).save(
            images / f"{place}.png", compress_level=1
        )
    feed = tmp_path / "feed.tsv"
    feed.write_text(table(rows), encoding="utf-8")
    before = write_store(store, STORE, products(3), {"pictures/1.webp": b"apple"})
    command = [
        sys.executable,
        "-m",
        "endcap",
        "import",
        str(feed),
        "--images",
        str(images),
        "--into",
        str(store),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        brought = store / "pictures"
        wait_until(lambda: len(list(brought.iterdir())) >= 5 or process.poll() is not None, "five pictures")
        process.send_signal(ending)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == (-9 if ending is signal.SIGKILL else 130)
    with OpenStore(store) as old:
        assert old.store == before
        assert old.picture(products(1)[0]) is not None
    done = endcap(feed, "--images", images, "--into", store, "--store", DEMO / "store.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    with OpenStore(store) as new:
        pictures = {product.picture for aisle in new.store.aisles for product in new.shelf(aisle.key, 0, 999)}
        assert {f"pictures/{path.name}" for path in (store / "pictures").iterdir()} == pictures | {
            "pictures/1.webp"
        }
