"""Fetching releases beside tuf's own client, rsync and casync, on the same files in the same run.

    python -m benchmarks.content [--products 20000] [--pictures 2000] [--rounds 5]

All on loopback; wall-clock medians, pairs alternating. rsync and casync (Debian packages) believe whoever serves them and
neither signs nor verifies; they are here for what they move and how long it takes.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.ngclient import Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

from benchmarks._table import median_ratio, table
from benchmarks.adopting import content_of
from benchmarks.content.rig import Kiosk, Operator, served, told
from content.authored import to_parts
from content.money import Money
from kiosk.fetching.errors import FetchError

MB = 1_000_000


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def noise(count: int, size: int, seed: int) -> dict[str, bytes]:
    chance = random.Random(seed)
    return {f"f{number:04d}.bin": chance.randbytes(size) for number in range(count)}


def cold(folder: Path, rounds: int) -> list[list[object]]:
    """200 files, 20 MB, from nothing; and once more with nothing changed."""
    files = noise(200, 100_000, 1)
    operator = Operator(folder)
    operator.publish(files, {})
    theirs = folder / "tuf"
    root = tuf_repository(theirs, files)
    times: dict[str, list[float]] = {"ours": [], "tuf": []}
    with served(operator.folder) as our_url, served(theirs) as their_url:
        for number in range(rounds):
            for name in ("ours", "tuf") if number % 2 else ("tuf", "ours"):
                place = folder / f"{name}-{number}"
                if name == "ours":
                    kiosk = Kiosk(place, operator.root, our_url)
                    times[name].append(timed(kiosk.fetch))
                    kiosk.source.close()
                else:
                    times[name].append(timed(lambda: tuf_fetch(place, their_url, root, files)))  # noqa: B023
                shutil.rmtree(place)
    ratio = median_ratio(times["ours"], times["tuf"])
    ours, tuf = (statistics.median(times[name]) for name in ("ours", "tuf"))
    return [["cold, 200 files, 20 MB, s", ours, tuf, f"{ratio:.2f}x", "<= 1.3x", _met(ratio <= 1.3)]]


def tuf_repository(folder: Path, files: dict[str, bytes]) -> bytes:
    """The same files as targets of a repository as tuf's examples make it."""
    expires = datetime.now(UTC) + timedelta(days=7)
    signers = {role: CryptoSigner.generate_ed25519() for role in ("root", "targets", "snapshot", "timestamp")}
    root, targets = Root(expires=expires), Targets(expires=expires)
    (folder / "metadata").mkdir(parents=True)
    (folder / "targets").mkdir()
    for name, data in files.items():
        file = TargetFile.from_data(name, data, ["sha256"])
        targets.targets[name] = file
        (folder / "targets" / f"{file.hashes['sha256']}.{name}").write_bytes(data)
    for role, signer in signers.items():
        root.add_key(signer.public_key, role)
    roles: dict[str, Any] = {"root": root, "targets": targets}
    done: dict[str, bytes] = {}
    for role in ("root", "targets", "snapshot", "timestamp"):
        if role == "snapshot":
            roles[role] = Snapshot(
                expires=expires, meta={"targets.json": MetaFile.from_data(1, done["targets"], ["sha256"])}
            )
        if role == "timestamp":
            roles[role] = Timestamp(
                expires=expires, snapshot_meta=MetaFile.from_data(1, done["snapshot"], ["sha256"])
            )
        metadata: Metadata[Any] = Metadata(roles[role])
        metadata.sign(signers[role])
        done[role] = metadata.to_bytes()
        name = "timestamp.json" if role == "timestamp" else f"1.{role}.json"
        (folder / "metadata" / name).write_bytes(done[role])
    return done["root"]


def tuf_fetch(place: Path, url: str, root: bytes, files: dict[str, bytes]) -> None:
    (place / "targets").mkdir(parents=True)
    client = Updater(
        str(place), f"{url}/metadata/", str(place / "targets"), f"{url}/targets/", bootstrap=root
    )
    client.refresh()
    for name in files:
        found = client.get_targetinfo(name)
        assert found is not None
        client.download_target(found)


def steady(operator: Operator, folder: Path, url: str, rounds: int) -> list[list[object]]:
    """A look for news where there is none: ours with all it asks of its own store, beside tuf's refresh of the same metadata."""
    kiosk = Kiosk(folder / "steady", operator.root, url)
    kiosk.fetch()
    fetcher = Urllib3Fetcher()
    place = folder / "steady-tuf"
    place.mkdir()

    def tufs() -> None:
        Updater(str(place), f"{url}/metadata/", fetcher=fetcher, bootstrap=operator.root).refresh()

    times: dict[str, list[float]] = {"ours": [], "tuf": []}
    tufs()
    for _ in range(4 * rounds):
        times["ours"].append(timed(kiosk.sync) * 1e3)
        times["tuf"].append(timed(tufs) * 1e3)
    kiosk.source.close()
    over = statistics.median([a - b for a, b in zip(times["ours"], times["tuf"], strict=True)])
    ours, tuf = (statistics.median(times[name]) for name in ("ours", "tuf"))
    return [["nothing changed, ms", ours, tuf, f"{over:+.1f} ms", "<= +10 ms", _met(over <= 10)]]


def cut(folder: Path) -> list[list[object]]:
    """One file of 60 MB; the line is cut at 80 % of it."""
    operator = Operator(folder)
    size = 60 * MB
    operator.publish({"large.bin": random.Random(5).randbytes(size)}, {})
    with served(operator.folder) as url:
        told(url, f"cut/{size * 8 // 10}")
        kiosk = Kiosk(folder / "kiosk", operator.root, url)
        with suppress(FetchError):
            kiosk.fetch()
        told(url, "cut/0")
        told(url, "stats")
        kiosk = Kiosk(folder / "kiosk", operator.root, url)
        kiosk.fetch()
        kiosk.source.close()
        again = int(told(url, "stats")) - size * 2 // 10
    return [
        [
            "60 MB cut at 80 %: KiB that came again",
            again / 1024,
            size * 0.8 / 1024,
            "-",
            "<= 1024",
            _met(again <= 2**20),
        ]
    ]


def price(
    folder: Path, products: int, pictures: int, rounds: int
) -> tuple[list[list[object]], list[list[object]]]:
    """One price of so many products changes: what crosses the line, and how long until the kiosk has it."""
    content = content_of(products)
    parts = to_parts(content)
    chance = random.Random(2)
    shelf = folder / "pictures"
    shelf.mkdir()
    files: dict[str, Path] = {}
    for number in range(pictures):
        path = shelf / f"{number:05d}.bin"
        path.write_bytes(chance.randbytes(9_000))
        files[f"parts/{number:05d}.bin"] = path  # as large as pictures; no picture's header to look at
    operator = Operator(folder)
    operator.publish(parts, files)
    laid = folder / "laid"
    lay(laid, parts, files)
    times: dict[str, list[float]] = {"ours": [], "rsync": [], "casync": []}
    sent: dict[str, list[float]] = {"ours": [], "rsync": [], "casync": []}
    with served(operator.folder) as url:
        kiosk = Kiosk(folder / "kiosk", operator.root, url)
        kiosk.fetch()
        rsync, casync = Rsync(laid, folder), Casync(laid, folder)
        told(url, "stats")
        for number in range(rounds):
            changed = list(content.products)
            one = chance.randrange(products)
            changed[one] = msgspec.structs.replace(changed[one], price=Money(5000 + number, "EUR"))
            content = msgspec.structs.replace(content, products=tuple(changed))
            fresh = to_parts(content)
            operator.publish(fresh, files)
            lay(laid, {name: data for name, data in fresh.items() if data != parts[name]}, {})
            parts = fresh
            casync.make()
            times["ours"].append(timed(kiosk.fetch))
            sent["ours"].append(float(told(url, "stats")))
            for name, peer in (("rsync", rsync), ("casync", casync)):
                if peer.there:
                    times[name].append(timed(peer.fetch))
                    sent[name].append(peer.sent)
        more = steady(operator, folder, url, rounds)
        kiosk.source.close()
    rows: list[list[object]] = []
    for name in times:
        if times[name]:
            rows.append([name, statistics.median(sent[name]), statistics.median(times[name]) * 1e3])
        else:
            rows.append([f"{name}: not here (apt-get install {name})", None, None])
    return rows, more


def lay(folder: Path, parts: dict[str, bytes], files: dict[str, Path]) -> None:
    """The same files as plain ones; a second is added to the time of what changed, as an editor's save does."""
    for name, data in parts.items():
        path = folder / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, path in files.items():
        to = folder / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


class Rsync:
    """rsync over a pipe, told to send differences, compressed."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.there = shutil.which("rsync") is not None
        self.sent = 0.0
        self._source, self._copy = source, folder / "rsync"
        if self.there:
            self.fetch()

    def fetch(self) -> None:
        done = subprocess.run(
            ["rsync", "-az", "--no-whole-file", "--stats", f"{self._source}/", f"{self._copy}/"],
            check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        self.sent = sum(
            float(number.replace(",", ""))
            for number in re.findall(r"Total bytes (?:sent|received): ([\d,]+)", done.stdout)
        )


class Casync:
    """casync with a store of chunks, and the copy before as its seed. Making the index is the operator's time, not counted."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.there = shutil.which("casync") is not None
        self.sent = 0.0
        self._source, self._folder = source, folder
        self._copy = folder / "casync"
        self._had: set[Path] = set()
        self.new = 0.0
        if self.there:
            self.make()
            self.fetch()

    def make(self) -> None:
        if not self.there:
            return
        self._run("make", "--store=chunks.castr", "--with=unix", "new.caidx", str(self._source))
        now = set((self._folder / "chunks.castr").rglob("*.cacnk"))
        self.sent = float(sum(path.stat().st_size for path in now - self._had))
        self.sent += (self._folder / "new.caidx").stat().st_size
        self._had = now

    def fetch(self) -> None:
        """In place: casync then takes what is there as its seed."""
        self._copy.mkdir(exist_ok=True)
        self._run(
            "extract",
            "--store=chunks.castr",
            "--with=unix",
            f"--seed={self._copy}",
            "new.caidx",
            str(self._copy),
        )

    def _run(self, *words: str) -> None:
        subprocess.run(["casync", *words], cwd=self._folder, check=True, capture_output=True)


def _met(good: bool) -> str:
    return "yes" if good else "no"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.content", description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--pictures", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    words = parser.parse_args()
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="endcap-content-") as folder:
        for name in ("cold", "cut", "price"):
            (Path(folder) / name).mkdir()
        rows += cold(Path(folder) / "cold", words.rounds)
        changed, steadily = price(Path(folder) / "price", words.products, words.pictures, words.rounds)
        rows += steadily
        rows += cut(Path(folder) / "cut")
    table(
        f"Fetching a release, {words.rounds} rounds, medians",
        ("figure", "ours", "tuf's ngclient", "ratio", "target", "met"),
        rows,
    )
    print("\nFor the cut the peer's figure is what a client without resume fetches again: all it had.")
    table(
        f"One price of {words.products} products changed ({words.pictures} other files of 9 kB), {words.rounds} rounds, medians",
        ("who", "bytes over the line", "until it is there, ms"),
        changed,
    )


if __name__ == "__main__":
    main()
