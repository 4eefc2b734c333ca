"""`endcap content resolve DIR --kiosk TENANT/SITE/KIOSK`: what one kiosk shows."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from content.authored.groups import fits, groups_of
from content.authored.mistakes import ContentError
from content.authored.model import Content, Where
from content.authored.reading import Authored, read_content
from content.authored.resolving import resolve, wall_for
from content.model import Product, Store, text_in
from content.store import StoreError
from content.store_format import stocked
from content.store_writer import StoreWriter

_ADDRESS: Final = re.compile(r"([A-Za-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,32})")
DONE, WRONG = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: the folder is wrong, or the store cannot be written."""
    words = _parser().parse_args(arguments)
    tenant, site, kiosk = words.kiosk
    where = Where(tenant, site, kiosk, words.orientation, tuple(words.tag))
    try:
        authored = read_content(words.folder)
        store, products = resolve(authored.content, where)
        if words.into:
            store = _write(words.into, authored, store, products)
        else:
            store = stocked(store, products)[0]
    except (ContentError, StoreError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if words.json:
        said = msgspec.json.encode({"store": store, "products": products})
        print(msgspec.json.format(said, indent=2).decode())
    else:
        print("\n".join(_told(authored.content, where, store, products)))
    return DONE


def _write(into: Path, authored: Authored, store: Store, products: list[Product]) -> Store:
    with StoreWriter(into) as writer:
        for name in sorted(authored.files):
            writer.put(name, authored.files[name].read_bytes())
        return writer.commit(store, products)


def _told(content: Content, where: Where, store: Store, products: list[Product]) -> list[str]:
    groups = groups_of(content, where)
    wall = wall_for(content, where, groups)
    lists = [each.key for each in content.lists if fits(each.groups, groups)]
    merchants = [merchant.key for merchant in store.merchants]
    rows = [
        ("kiosk", f"{where.tenant}/{where.site}/{where.kiosk}, {where.orientation}"),
        ("version", store.version),
        ("groups", ", ".join(sorted(groups))),
        ("wall", wall.key if wall else "none: every aisle in the store's order"),
        ("price lists", ", ".join(lists) or "none: what the feeds say"),
        ("merchants", ", ".join(merchants) or "the store alone"),
        ("products", str(len(products))),
    ]
    aisles = [f"  {text_in(aisle.names, 'en'):<24} {aisle.count:>6}" for aisle in store.aisles]
    return [f"{what:<12} {said}" for what, said in rows] + ["aisles"] + aisles


def _address(text: str) -> tuple[str, str, str]:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected TENANT/SITE/KIOSK such as demo/line2/K1, found {text!r}")
    return found[1], found[2], found[3]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="endcap content resolve",
        description="Say what one kiosk shows: its groups, wall, prices, aisles.",
        epilog="Exit code: 0 done, 1 the folder is wrong or the store cannot be written.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--kiosk", type=_address, required=True, metavar="TENANT/SITE/KIOSK")
    parser.add_argument("--orientation", choices=("portrait", "landscape"), default="portrait")
    parser.add_argument("--tag", action="append", default=[], help="a tag of the kiosk; may be given again")
    parser.add_argument("--into", type=Path, metavar="STORE_DIR", help="write it as a store to sell from")
    parser.add_argument("--json", action="store_true", help="all of it, for a machine")
    return parser
