"""Every attack is refused with its own reason, the last good release stays whole, and the next honest fetch works.

Each line of the table: a kiosk that has release 1, a repository that publishes release 2, and somebody in between, or at
the repository, who wants the kiosk to show something else, to show nothing, or to be busy for ever.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from PIL import Image

from content.release.manifest import Blob
from content.release.manifest import Root as RootPage
from kiosk.fetching.errors import REASONS, FetchError
from kiosk.fetching.http_source import HttpSource
from kiosk.fetching.releases import Whole
from kiosk.fetching.sources import FolderSource
from kiosk.fetching.watched import Patience
from tests.kiosk.fetching.hostile import Answer, HostileServer
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import TENANT, Repository
from tests.kiosk.fetching.tricks import (
    drip,
    drip_headers,
    endless,
    endless_chunks,
    endless_headers,
    head,
    hung_up,
    raw,
)

LARGE = os.urandom(300_000)  # one blob that is stored as it is
ONE = {"a.json": b"price 1.99", "large.bin": LARGE}
TWO = {"a.json": b"price 1.49", "large.bin": LARGE[::-1]}
HASTE = Patience(connect_s=10, silent_s=10, window_s=0.4, least_rate=2000)


@dataclass
class Scene:
    """What an attack may touch."""

    repository: Repository
    server: HostileServer
    kiosk: Kiosk
    stick: FolderSource | None = None

    def fetch(self, patience: Patience | None = None) -> Whole:
        """Over HTTP, or from the stick."""
        if self.stick is not None:
            return self.kiosk.fetch(self.stick)
        source = HttpSource(self.server.url, patience=patience)
        try:
            return self.kiosk.fetch(source)
        finally:
            source.close()

    def on(self, ending: str, trick: Callable[[Answer, bytes], None]) -> None:
        """Play a trick where a file's name ends so."""

        def play(answer: Answer, name: str, data: bytes | None) -> bool:
            if not name.endswith(ending) or data is None:
                return False
            trick(answer, data)
            return True

        self.server.trick = play

    @property
    def large(self) -> str:
        return hashlib.sha256(TWO["large.bin"]).hexdigest()


Attack = Callable[[Scene], None]


def old(role: str) -> Attack:
    """An older file, well signed at its time, in place of the new one."""

    def attack(scene: Scene) -> None:
        name = "timestamp.json" if role == "timestamp" else ""
        before = (scene.repository.folder / "metadata/timestamp.json").read_bytes() if name else b""
        scene.repository.release(TWO)
        if role == "timestamp":
            scene.kiosk.fetch()
            scene.on("timestamp.json", lambda answer, _: answer.give(before))
        elif role == "snapshot":
            scene.kiosk.fetch()
            scene.repository.versions["snapshot"] = 0
            scene.repository.sign_snapshot()
            scene.repository.sign_timestamp()
        else:
            scene.kiosk.fetch()
            scene.repository.versions[role] = 0
            scene.repository.sign_targets() if role == "targets" else scene.repository.sign_tenant()
            scene.repository.sign_snapshot()
            scene.repository.sign_timestamp()

    return attack


def frozen(scene: Scene) -> None:
    scene.kiosk.now_s += int(timedelta(days=31).total_seconds())


def role_left_out(scene: Scene) -> None:
    scene.repository.release(TWO)
    scene.repository.sign_snapshot(lambda snapshot: snapshot.meta.pop(f"{TENANT}.json"))
    scene.repository.sign_timestamp()


def mixed(scene: Scene) -> None:
    """The snapshot of one state under the timestamp of another."""
    before = scene.repository.signed["snapshot"]
    scene.repository.release(TWO)
    scene.on(".snapshot.json", lambda answer, _: answer.give(before))


def signed_by(*names: str) -> Attack:
    """Metadata by somebody else's key."""

    def attack(scene: Scene) -> None:
        before = [(name, scene.repository.replace_key(name)) for name in names]
        scene.repository.release(TWO)
        scene.repository.signers.update(before)

    return attack


def one_of_two(scene: Scene) -> None:
    """Targets with one good signature where two are asked for."""
    scene.repository.replace_key("targets-2")
    scene.repository.release(TWO)


def revoked(scene: Scene) -> None:
    """The thief of an operator's key goes on signing after it was taken away."""
    scene.repository.release(TWO)
    stolen = scene.repository.replace_key(TENANT)
    scene.repository.sign_targets()
    scene.repository.signers[TENANT] = stolen
    scene.repository.sign_tenant()
    scene.repository.sign_snapshot()
    scene.repository.sign_timestamp()


def false_root(scene: Scene) -> None:
    """A root that only its own new keys have signed."""
    for name in ("root", "root-2"):
        scene.repository.replace_key(name)
    scene.repository.sign_root()


def flipped(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


def fraction(data: bytes) -> bytes:
    return data.replace(b'"version":', b'"x":1.5,"version":', 1)


def tampered(ending: str, change: Callable[[bytes], bytes]) -> Attack:
    """Other bytes in place of a file's, with a length that fits them."""

    def attack(scene: Scene) -> None:
        scene.repository.release(TWO)
        scene.on(ending or scene.large, lambda answer, data: answer.give(change(data)))

    return attack


def wire(trick: Callable[[Answer, bytes], None], ending: str = "") -> Attack:
    """HTTP played badly for the large file, or another."""

    def attack(scene: Scene) -> None:
        scene.repository.release(TWO)
        scene.on(ending or scene.large, trick)

    return attack


def listing(name: str, stored: bytes, **lies: Any) -> Attack:
    """A release that is well signed, with an operator's stolen key, and lists one file in a page made by hand."""

    def attack(scene: Scene) -> None:
        def keep(data: bytes) -> list[Any]:
            digest = hashlib.sha256(data)
            scene.repository.put(f"blobs/{digest.hexdigest()[:2]}/{digest.hexdigest()}", data)
            return [digest.digest(), len(data), len(data), ""]

        file = keep(stored)
        file[1:] = [lies.get("size", file[1]), lies.get("raw", file[2]), lies.get("coding", "")]
        page = keep(lies.get("page") or msgspec.msgpack.encode([[name, file]]))
        blob = Blob(page[0].hex(), page[1], lies.get("page_raw", page[2]), lies.get("page_coding", ""))

        def lie(root: RootPage) -> RootPage:
            return msgspec.structs.replace(root, pages=(blob,), files=1, bytes=file[1])

        scene.repository.release(TWO, root=lie)

    return attack


def picture(width: int, height: int) -> bytes:
    """A few bytes of PNG that say they are that large: only their header is true."""
    out = io.BytesIO()
    Image.new("1", (8, 8)).save(out, "PNG")
    data = out.getvalue()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


BOMB = zstandard.compress(bytes(50_000_000))


def other_release(scene: Scene) -> None:
    """The root page of release 1 under the name of release 2."""
    first = scene.repository.page
    assert first is not None
    data = (
        scene.repository.folder / f"targets/content/{TENANT}/{first.sha256}.demo-000001.release"
    ).read_bytes()
    scene.repository.release(TWO)
    scene.repository.target("demo-000002.release", data, current=True)
    scene.repository.sign()


def path_in_role(scene: Scene) -> None:
    """A role whose name leads out of the repository, in targets signed by stolen keys."""

    def change(targets: Any) -> None:
        role = targets.delegations.roles.pop(TENANT)
        role.name = "../../etc/passwd"
        targets.delegations.roles[role.name] = role

    scene.repository.release(TWO)
    scene.repository.sign_targets(change)
    scene.repository.sign_snapshot()
    scene.repository.sign_timestamp()


def link_out(scene: Scene) -> None:
    """A stick whose file is a link to one of this machine's own."""
    scene.repository.release(TWO)
    secret = scene.repository.folder.parent / "secret"
    secret.write_bytes(TWO["large.bin"])
    path = scene.repository.folder / "blobs" / scene.large[:2] / scene.large
    path.unlink()
    path.symlink_to(secret)
    scene.stick = FolderSource(scene.repository.folder)


def swapped(scene: Scene) -> None:
    """The snapshot in place of the timestamp."""
    snapshot = scene.repository.signed["snapshot"]
    scene.on("timestamp.json", lambda answer, _: answer.give(snapshot))


def two_current(scene: Scene) -> None:
    scene.repository.release(TWO)
    for file in scene.repository.files.values():
        file.unrecognized_fields["custom"] = {"current": True}
    scene.repository.sign()


def undelegated(scene: Scene) -> None:
    """Somebody signs for an operator with a key of his own."""
    scene.repository.release(TWO)
    own = scene.repository.replace_key(TENANT)
    scene.repository.sign_tenant()
    scene.repository.signers[TENANT] = own
    scene.repository.sign_snapshot()
    scene.repository.sign_timestamp()


ATTACKS: dict[str, tuple[Attack, str]] = {
    "rollback: an old timestamp": (old("timestamp"), "rolled-back"),
    "rollback: an old snapshot under a new timestamp": (old("snapshot"), "rolled-back"),
    "rollback: old targets in a new snapshot": (old("targets"), "rolled-back"),
    "rollback: an operator's old targets in a new snapshot": (old(TENANT), "rolled-back"),
    "rollback: an operator left out of the snapshot": (role_left_out, "rolled-back"),
    "freeze: nothing newer for a month": (frozen, "expired"),
    "mix and match: another state's snapshot": (mixed, "mixed"),
    "mix and match: an operator's other targets": (tampered(f".{TENANT}.json", flipped), "mixed"),
    "wrong key: timestamp": (signed_by("timestamp"), "unsigned"),
    "wrong key: snapshot": (signed_by("snapshot"), "unsigned"),
    "wrong keys: targets": (signed_by("targets", "targets-2"), "unsigned"),
    "wrong key: operator, not delegated": (undelegated, "unsigned"),
    "one good signature of two": (one_of_two, "unsigned"),
    "revoked key of an operator": (revoked, "unsigned"),
    "root by its own keys": (false_root, "unsigned"),
    "flipped bit: timestamp": (tampered("timestamp.json", lambda data: data.replace(b'"version":', b'"version": 1')), "unsigned"),
    "flipped bit: a file": (tampered("", flipped), "wrong-bytes"),
    "flipped bit: a release's root page": (tampered(".release", flipped), "wrong-bytes"),
    "swapped: another file of the same size": (tampered("", lambda _: LARGE), "wrong-bytes"),
    "truncated: timestamp": (tampered("timestamp.json", lambda data: data[:100]), "not-metadata"),
    "truncated: snapshot": (tampered(".snapshot.json", lambda data: data[:-1]), "mixed"),
    "truncated: a file, with a length that says so": (tampered("", lambda data: data[:-9]), "cut-off"),
    "truncated: a file, and hung up": (wire(hung_up), "cut-off"),
    "wrong size: more than was signed": (tampered("", lambda data: data + b"more"), "too-large"),
    "wrong size: a timestamp of 1 MB": (tampered("timestamp.json", lambda data: data + b" " * 1_000_000), "too-large"),
    "endless: a file": (wire(endless), "too-large"),
    "endless: in chunks": (wire(endless_chunks, "timestamp.json"), "too-large"),
    "endless: headers": (wire(endless_headers), "too-large"),
    "slow-loris: a file": (wire(drip), "slow"),
    "slow-loris: headers": (wire(drip_headers, "timestamp.json"), "slow"),
    "metadata: what has no canonical form": (tampered("timestamp.json", fraction), "not-metadata"),
    "metadata: nested without end": (tampered("timestamp.json", lambda _: b"[" * 16_000), "not-metadata"),
    "metadata: another role's": (swapped, "not-metadata"),
    "path traversal: in a manifest": (listing("parts/../../../etc/passwd", b"x"), "bad-release"),
    "path traversal: absolute": (listing("/etc/passwd", b"x"), "bad-release"),
    "path traversal: a role that is one": (path_in_role, "not-metadata"),
    "path traversal: a link out of a folder": (link_out, "missing"),
    "bomb: a part that unpacks to more than it says": (
        listing("parts/a.json", BOMB, raw=len(BOMB) + 1, coding="zstd"), "bad-release",
    ),
    "bomb: a page that unpacks to more than it says": (
        listing("", b"", page=BOMB, page_raw=len(BOMB) + 1, page_coding="zstd"), "bad-release",
    ),
    "bomb: a file of terabytes": (listing("parts/a.json", b"x", size=2**42, raw=2**42), "bad-release"),
    "bomb: a picture of 60,000 x 60,000": (listing("pictures/a.webp", picture(60_000, 60_000)), "bad-release"),
    "bomb: a picture of 9,000 x 100": (listing("pictures/a.webp", picture(9_000, 100)), "bad-release"),
    "a picture that is none": (listing("pictures/a.webp", b"GIF89a and the rest"), "bad-release"),
    "a release under another's name": (other_release, "bad-release"),
    "two releases for everybody": (two_current, "unknown"),
    "garbage in place of HTTP": (wire(raw(b"\x00\xff SSH-2.0 garbage\r\n\r\n")), "not-http"),
    "garbage: a length that is none": (wire(raw(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello")), "not-http"),
    "garbage: chunks of no number": (
        wire(raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n")), "cut-off",
    ),
    "compression nobody asked for": (wire(head(200, content_encoding="gzip")), "not-http"),
    "a range nobody asked for": (wire(head(206, content_range="bytes 5-9/10")), "not-http"),
    "redirect: to another server": (wire(head(302, location="http://169.254.169.254/latest")), "redirected"),
    "redirect: to another scheme": (wire(head(302, location="file:///etc/passwd")), "redirected"),
    "redirect: in a circle": (wire(lambda answer, _: answer.head(301, 0, location=answer.path)), "redirected"),
    "no such file": (wire(lambda answer, _: answer.head(404, 0)), "missing"),
    "a server that is broken": (wire(lambda answer, _: answer.head(503, 0)), "no-source"),
    "hung up at once": (wire(lambda _answer, _data: None), "no-source"),
}  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    repository = Repository(tmp_path / "repository")
    repository.release(ONE)
    with HostileServer(repository.folder) as server:
        yield Scene(repository, server, Kiosk(tmp_path / "state", repository))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_what_was_good_stays(scene: Scene, name: str) -> None:
    attack, reason = ATTACKS[name]
    assert reason in REASONS
    first = scene.kiosk.fetch()
    honest = scene.repository.honest()
    attack(scene)
    with pytest.raises(FetchError) as refused:
        scene.fetch(HASTE if reason == "slow" else None)
    assert refused.value.reason == reason, refused.value
    assert scene.kiosk.parts(first) == {f"parts/{key}": data for key, data in ONE.items()}
    honest()
    scene.server.trick = None
    name = scene.repository.release({**ONE, "a.json": b"price 0.99"})
    last = scene.fetch()
    assert last.name == name
    assert scene.kiosk.parts(last)["parts/a.json"] == b"price 0.99"
