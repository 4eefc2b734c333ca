"""An operator's repository, a web server before it, and a kiosk that fetches from there."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from content.release.keys import Ring
from content.release.repository import Repository
from content.release.rotation import create, key_names, make_keys
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.http_source import HttpSource
from kiosk.fetching.releases import Fetching, Whole
from kiosk.fetching.trust import Trust

TENANT = "demo"


class Operator:
    """Publishes into `folder`/repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self._keys = folder / "keys"
        make_keys(self._keys, key_names((TENANT,)), None)
        self.repository = Repository(self.folder)
        create(self.repository, Ring([self._keys]), (TENANT,), int(time.time()))
        self.root = self.repository.root_bytes()

    def publish(self, parts: Mapping[str, bytes], files: Mapping[str, Path]) -> str:
        done = self.repository.publish(
            Ring([self._keys]), int(time.time()), TENANT, parts, files, current=True
        )
        return done.header.name


class Kiosk:
    """Its state in a folder, one connection to one server."""

    def __init__(self, state: Path, root: bytes, url: str) -> None:
        self.source = HttpSource(url)
        self.fetching = Fetching(
            Trust(state / "trust", root, lambda: int(time.time())),
            BlobStore(state / "blobs", least_free=0),
            TENANT,
        )

    def sync(self) -> Whole:
        """One look for news, as the thread does it."""
        self.fetching.refresh((self.source,))
        signed = self.fetching.wanted("")
        return self.fetching.whole(signed) or self.fetching.fetch(signed, (self.source,))

    def fetch(self) -> Whole:
        self.fetching.refresh((self.source,))
        return self.fetching.fetch(self.fetching.wanted(""), (self.source,))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on loopback, by a process of its own; its URL."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.content.server", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.terminate()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def told(url: str, path: str) -> str:
    with urllib.request.urlopen(f"{url}/{path}") as answer:
        return str(answer.read().decode())
