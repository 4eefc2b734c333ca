"""A small content folder that passes a pre-flight, for tests to break."""

from __future__ import annotations

import shutil
from pathlib import Path

import content

DEMO = Path(content.__file__).parent / "demo"
# Two of the bakery, two of flowers and gifts, and what the second advert leads to.
GTINS = ("9521101500127", "9521101500226", "9521110600146", "9521108501844")


def small_folder(folder: Path) -> Path:
    """store.toml, four rows of the demo's feed, and the pictures."""
    folder.mkdir()
    shutil.copytree(DEMO / "pictures", folder / "pictures")
    shutil.copy(DEMO / "store.toml", folder)
    head, *rows = (DEMO / "feed.tsv").read_text("utf-8").splitlines()
    kept = [row for row in rows if row.split("\t")[1] in GTINS]
    assert len(kept) == len(GTINS)
    (folder / "feed.tsv").write_text("\n".join([head, *kept, ""]), "utf-8")
    return folder


def change(folder: Path, old: str, new: str, name: str = "feed.tsv") -> None:
    """Write something else into a file, once."""
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")
