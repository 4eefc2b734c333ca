"""What tests of releases share: headers, a hundred files, hand-made pages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from content.release.manifest import FORMAT, Activation, Blob, Entry, Header, Root

MADE_AT = 1_795_000_000


def header(number: int = 1, tenant: str = "demo", activate: Activation | None = None) -> Header:
    return Header(
        format=FORMAT,
        tenant=tenant,
        name=f"{tenant}-{number:06d}",
        number=number,
        made_at=MADE_AT,
        activate=activate or Activation(),
    )


def blob(text: str) -> Blob:
    data = text.encode()
    return Blob(hashlib.sha256(data).hexdigest(), len(data), len(data))


def entry(name: str) -> Entry:
    return Entry(name, blob(name))


def root(**changed: object) -> Root:
    whole = Root(header=header(), pages=(blob("page"),), files=1, bytes=4)
    return msgspec.structs.replace(whole, **changed)


def parts(count: int = 100) -> dict[str, bytes]:
    return {f"products/{index:04d}.json": (b'{"price": %d}' % index) * 40 for index in range(count)}


def pictures(folder: Path, count: int = 20) -> dict[str, Path]:
    """Files that no packing makes smaller, as pictures are."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for index in range(count):
        data = b"".join(hashlib.sha256(b"%d %d" % (index, at)).digest() for at in range(20))
        path = folder / f"{hashlib.sha256(data).hexdigest()[:20]}.webp"
        path.write_bytes(data)
        found[f"pictures/{path.name}"] = path
    return found
