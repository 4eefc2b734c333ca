"""What the demo's kiosk is given: the store, made by the very command operators use, its configuration, its cards."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

from content.authored import cli as publishing
from content.store import OpenStore
from devices.drivers.pn532_reader import token_of
from kiosk.demo.ports import Ports
from kiosk.demo.virtual import CARDS
from kiosk.peripherals.cards import load_key

ADDRESS: Final = "demo/line2/K1"  # of the demo's kiosk in its fleet


class ShopFailed(RuntimeError):
    """The demo's shop could not be set up; says why."""


def make_store(folder: Path, say: Callable[[str], None]) -> Path:
    """The store's folder; made anew from the demo's content where that has changed since."""
    source = Path(str(resources.files("content") / "demo"))
    store, stamp = folder / "store", folder / "store.made-from"
    made_from = _names_of(source)
    if stamp.exists() and stamp.read_text() == made_from and store.exists():
        return store
    say("making the demo store from content/demo")
    words = ["resolve", str(source), "--kiosk", ADDRESS, "--into", str(store)]
    if publishing.main(words) != 0 or not store.exists():
        raise ShopFailed("the demo store could not be made; the lines above say why")
    stamp.write_text(made_from)
    return store


def _names_of(source: Path) -> str:
    """Names the state of the source files: contents of the texts, sizes and times of the pictures."""
    digest = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.suffix in (".tsv", ".toml"):
            digest.update(path.read_bytes())
        elif path.suffix == ".webp":
            facts = path.stat()
            digest.update(f"{path.name} {facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def make_config(folder: Path, ports: Ports, panel: tuple[int, int], store: Path) -> Path:
    """The kiosk's configuration file, with the virtual peripherals' wires in it."""
    state = folder / "kiosk"
    state.mkdir(parents=True, exist_ok=True)
    wires = folder / "dev"
    path = folder / "kiosk.toml"
    path.write_text(
        f"""# Written by `endcap demo` at every start.
public_host = "http://127.0.0.1:{ports.fleet}"
trust_clock = true

[address]
tenant = "demo"
site = "line2"
kiosk = "K1"

[paths]
store = {json.dumps(str(store))}
state = {json.dumps(str(state))}

[broker]
host = "127.0.0.1"
port = {ports.broker}

[panel]
width = {panel[0]}
height = {panel[1]}
fullscreen = false

[[devices]]
name = "scanner"
model = "line-scanner"
port = {json.dumps(str(wires / "scanner"))}

[[devices]]
name = "reader"
model = "pn532"
port = {json.dumps(str(wires / "reader"))}

[[devices]]
name = "printer"
model = "escpos"
port = {json.dumps(str(wires / "printer"))}
"""
    )
    return path


def register_cards(folder: Path, bank: str) -> None:
    """Tell the sandbox bank what each demo card is good for, by the token this kiosk makes of it."""
    key = json.loads((folder / "bank" / "keys.json").read_text())["api_key"]
    card_key = load_key(folder / "kiosk" / "card.key")
    for kind, uid in CARDS.items():
        if kind == "unknown":
            continue  # the bank has never heard of it
        request = urllib.request.Request(
            f"{bank}/v1/cards/{token_of(card_key, uid)}",
            data=json.dumps({"kind": kind}).encode(),
            method="PUT",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5):
                pass
        except (urllib.error.URLError, OSError) as error:
            raise ShopFailed(f"the sandbox bank does not take the demo's cards: {error}") from error


def samples(folder: Path, most: int = 60) -> list[tuple[str, str]]:
    """Codes worth scanning: (GTIN-13, name), a few of each aisle."""
    store = OpenStore(folder / "store")
    try:
        aisles = store.store.aisles
        each = max(1, most // max(1, len(aisles)))
        return [
            (product.gtin.removeprefix("0"), product.names.get("en", ""))
            for aisle in aisles
            for product in store.shelf(aisle.key, 0, each)
        ]
    finally:
        store.close()
