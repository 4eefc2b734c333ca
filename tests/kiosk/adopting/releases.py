"""Releases for tests, packed by the real packer, in a folder of blobs."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from msgspec import structs
from PIL import Image

from content.authored import Content, Where, to_parts
from content.model import Product, Store
from content.release.manifest import Activation, Blob, Header, Root
from content.release.packing import pack, unpack
from tests.content import shop

WHERE = Where("demo", "s1", "K1")


class Folder:
    """Blobs as a publisher has them (kiosk.adopting.making.Blobs)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, blob: Blob) -> Path:
        return self.folder / "blobs" / blob.path

    def unpacked(self, blob: Blob) -> bytes:
        return unpack(blob, self.path(blob).read_bytes())


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "WEBP")
    return file.getvalue()


def goods(count: int = 4, minor: int = 199) -> list[Product]:
    """Products as they are published, without a place on a wall."""
    return [structs.replace(product, facing=0) for product in shop.products(count, minor)]


def release(
    folder: Path,
    number: int,
    products: Iterable[Product] | None = None,
    *,
    store: Store = shop.STORE,
    activate: Activation | None = None,
    min_software: str = "",
) -> Root:
    """Pack a release of the small shop into a folder."""
    folder.mkdir(exist_ok=True)
    files = {}
    for name, colour in (("pictures/1.webp", "red"), ("pictures/spring.webp", "green")):
        path = folder / Path(name).name
        path.write_bytes(picture(colour))
        files[name] = path
    by_aisle = sorted(goods() if products is None else products, key=lambda one: one.aisle != "fruit")
    content = Content(store=store, products=tuple(by_aisle))
    header = Header(
        format=1, tenant="demo", name=f"demo-{number:06d}", number=number, made_at=1_790_000_000,
        activate=activate or Activation(), min_software=min_software,
    )  # fmt: skip
    return pack(to_parts(content), files, header, folder).root
