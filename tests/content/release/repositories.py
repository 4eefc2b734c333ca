"""A repository with its keys, a web server before it, and The Update Framework's own client behind that."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tuf.ngclient import TargetFile, Updater

from content.authored.cli import main as content_command
from content.durable import DISK, Disk
from content.release.cli_publish import main as publish_command
from content.release.keys import Ring
from content.release.manifest import read_root
from content.release.repository import Published, Repository
from content.release.rotation import create, key_names, make_keys

TENANT = "demo"


class Operator:
    """Somebody with a repository and all keys in one folder, plain, at `now` (Unix seconds)."""

    def __init__(self, folder: Path, now: int, disk: Disk = DISK, tenants: Sequence[str] = (TENANT,)) -> None:
        self.keys = folder / "keys"
        self.folder = folder / "repository"
        self.now = now
        make_keys(self.keys, key_names(tenants), None)
        self.repository = Repository(self.folder, disk)
        create(self.repository, self.ring(), tenants, now)

    def ring(self) -> Ring:
        return Ring([self.keys])

    def publish(self, parts: dict[str, bytes], **more: Any) -> Published:
        return self.repository.publish(self.ring(), self.now, TENANT, parts, {}, **more)

    def command(self, *words: str) -> int:
        """`endcap content ...`, or `endcap publish ...`, on this repository."""
        where = ["--repository", str(self.folder)]
        if words[0] == "publish":
            return publish_command([*words[1:], *where, "--no-preflight", "tests of releases draw nothing"])
        return content_command([*words, *where])


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on loopback as any static web server serves it; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Reader:
    """A kiosk's trust as python-tuf's ngclient keeps it, from the root it was enrolled with."""

    def __init__(self, folder: Path, url: str, root: bytes) -> None:
        self._folder = folder
        self._url = url
        self._root = root
        (folder / "targets").mkdir(parents=True, exist_ok=True)

    def enrol(self, root: bytes) -> None:
        """Forget everything and begin with another root."""
        shutil.rmtree(self._folder)
        (self._folder / "targets").mkdir(parents=True)
        self._root = root

    def releases(self) -> dict[str, bool]:
        """Every release on offer, and whether it is current. Raises what ngclient raises."""
        updater = self._updater()
        found = {}
        for number in range(1, 20):
            info = updater.get_targetinfo(f"content/{TENANT}/{TENANT}-{number:06d}.release")
            if info is not None:
                name = read_root(Path(updater.download_target(info)).read_bytes()).header.name
                found[name] = _is_current(info)
        return found

    def keys(self) -> bytes:
        """keys.json of the operator."""
        return self.target(f"content/{TENANT}/keys.json")

    def target(self, path: str) -> bytes:
        """A target's bytes. Raises LookupError where nobody who may signed it."""
        updater = self._updater()
        info = updater.get_targetinfo(path)
        if info is None:
            raise LookupError(path)
        return Path(updater.download_target(info)).read_bytes()

    def _updater(self) -> Updater:
        updater = Updater(
            str(self._folder), f"{self._url}/metadata/", str(self._folder / "targets"), f"{self._url}/targets/",
            bootstrap=self._root,
        )  # fmt: skip
        updater.refresh()
        return updater


def _is_current(info: TargetFile) -> bool:
    return (info.custom or {}) == {"current": True}
