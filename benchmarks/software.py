"""One file of this very program changed: what a kiosk fetches for it, whole and as a patch, and what that takes.

    python -m benchmarks.software

Beside it zstd's command with --patch-from, and bsdiff4, where they are installed. Wall-clock medians of three.
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from benchmarks._table import table
from content.release.packing import squeeze
from content.software.patching import apply_patch, make_patch

ROOT = Path(__file__).parents[1]
PACKAGES = ("kiosk", "devices", "mqtt", "content", "fleet")
CHANGED = "kiosk/core/basket.py"
DATE = (2026, 11, 23, 0, 0, 0)
ROUNDS = 3


def wheel(added: bytes = b"") -> bytes:
    """The program's own files as a wheel packs them, one of them with something added."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in path.parts:
                data = path.read_bytes() + (added if name == CHANGED else b"")
                file.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def ms(work: Callable[[], object]) -> str:
    """Median of a few."""
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return f"{statistics.median(found):,.0f}"


def main() -> None:
    """Print the table."""
    old, new = wheel(), wheel(b'\n\nCHANGED = "one line more"\n')
    digest = hashlib.sha256(new).hexdigest()
    patch = make_patch(old, new)
    assert patch is not None
    rows = [
        ("whole file, zstd 12", f"{squeeze(new)[0].size:,}", ms(lambda: squeeze(new)), ""),
        (
            "patch (ours)", f"{len(patch):,}", ms(lambda: make_patch(old, new)),
            ms(lambda: apply_patch(old, patch, len(new), digest)),
        ),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        rows += _zstd(Path(scratch), old, new)
    rows += _bsdiff(old, new)
    title = f"A wheel of {len(new):,} bytes, one line more in {CHANGED}"
    table(title, ("way", "bytes to fetch", "made in, ms", "applied in, ms"), rows)


def _zstd(folder: Path, old: bytes, new: bytes) -> list[tuple[str, str, str, str]]:
    if shutil.which("zstd") is None:
        return []
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)

    def run(*words: str) -> None:
        subprocess.run(["zstd", "-qq", "-f", *words, f"--patch-from={folder / 'old'}"], check=True)

    made = ms(lambda: run("-19", str(folder / "new"), "-o", str(folder / "patch")))
    applied = ms(lambda: run("-d", str(folder / "patch"), "-o", str(folder / "out")))
    assert (folder / "out").read_bytes() == new
    return [("zstd -19 --patch-from, a process", f"{(folder / 'patch').stat().st_size:,}", made, applied)]


def _bsdiff(old: bytes, new: bytes) -> list[tuple[str, str, str, str]]:
    try:
        bsdiff = importlib.import_module("bsdiff4")
    except ModuleNotFoundError:
        return []
    patch = bsdiff.diff(old, new)
    return [
        (
            "bsdiff4",
            f"{len(patch):,}",
            ms(lambda: bsdiff.diff(old, new)),
            ms(lambda: bsdiff.patch(old, patch)),
        )
    ]


if __name__ == "__main__":
    main()
