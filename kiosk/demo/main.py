"""`endcap demo`: start everything, say `ready`, end everything."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from kiosk.demo.children import Child, ChildFailed, Family, python
from kiosk.demo.happenings import Happenings
from kiosk.demo.names import Explained, explain, names_of
from kiosk.demo.page import Page
from kiosk.demo.ports import PortBusy, Ports, first_port
from kiosk.demo.screen import Glass
from kiosk.demo.shop import ShopFailed, make_config, make_store, register_cards, samples
from kiosk.demo.virtual import VirtualPeripherals
from kiosk.demo.world import World
from mqtt.client import Client
from mqtt.topics import ROOT

PATIENCE_S = 60.0  # until everything is up; measured: 3 to 5 s
# A fictional merchant: the IBAN is the one EPC069-12 and every bank use in examples.
MERCHANT = (
    "--merchant",
    "Pendelo Market",
    "--iban",
    "DE89370400440532013000",
    "--bic",
    "COBADEFFXXX",
    "--city",
    "Berlin",
)
PANELS = {"portrait": (1080, 1920), "landscape": (1920, 1080)}


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    ports: Ports
    folder: Path
    panel: tuple[int, int]
    headless: bool


def say(text: str) -> None:
    """A line to the person at the terminal."""
    print(text, flush=True)  # noqa: T201 - this is the demo's voice


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C or SIGTERM; 0 where it ended so, 1 with one line where it could not run."""
    parser = argparse.ArgumentParser(prog="endcap demo", description=__doc__)
    parser.add_argument("--port", default="8480", help="of the page; the next three are used too")
    parser.add_argument("--data", type=Path, default=Path(".endcap/demo"), help="where it keeps everything")
    parser.add_argument("--fresh", action="store_true", help="begin anew, forgetting all sales")
    parser.add_argument("--panel", choices=tuple(PANELS), default="portrait")
    parser.add_argument("--headless", action="store_true", help="draw into memory even where a display is")
    words = parser.parse_args(arguments)
    display = bool(os.environ.get("DISPLAY"))
    try:
        port = first_port(words.port)
    except ValueError as error:
        parser.error(str(error))
    options = Options(Ports(port), words.data.resolve(), PANELS[words.panel], words.headless or not display)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        options.ports.check()
        if words.fresh:
            shutil.rmtree(options.folder, ignore_errors=True)
        options.folder.mkdir(parents=True, exist_ok=True)
        Demo(options).run(ended)
    except (PortBusy, ShopFailed, ChildFailed) as error:
        say(f"endcap demo: {error}")
        return 1
    return 0


class Demo:
    """Everything that runs, from the broker to the page."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._logs = options.folder / "logs"
        self._logs.mkdir(exist_ok=True)
        self._family = Family(say)
        self._happenings = Happenings()

    def run(self, ended: threading.Event) -> None:
        """Start, serve until `ended`, end. Nothing is left running however this returns."""
        options, began = self._options, time.monotonic()
        peripherals = VirtualPeripherals(options.folder / "dev")
        glass = Glass(options.folder / "mirror.sock")
        line = Client(
            "127.0.0.1",
            options.ports.broker,
            f"demo-{secrets.token_hex(4)}",
            on_message=self._happenings.on_message,
        )
        world = World(peripherals, self._power_cut)
        page: Page | None = None
        try:
            self._start(ended)
            if ended.is_set():
                return
            line.subscribe(f"{ROOT}/#")
            line.start()
            page = Page(
                options.ports.page,
                glass,
                world,
                self._happenings,
                self._facts(peripherals, glass),
                self._explain,
            )
            page.start()
            self._wait("the wall", lambda: glass.up, ended)
            if ended.is_set():
                return
            self._family.watch(frozenset({"kiosk", "fleet", "bank", "broker"}))
            if options.headless:
                say("no display: the wall draws into memory; the page shows its real pixels")
            say(
                f"ready http://127.0.0.1:{options.ports.page}/ in {time.monotonic() - began:.1f} s (Ctrl-C ends everything)"
            )
            ended.wait()
            say("ending")
        finally:
            if page is not None:
                page.stop()
            glass.close()
            line.stop()
            self._family.end()
            peripherals.close()

    def _start(self, ended: threading.Event) -> None:
        options, ports = self._options, self._options.ports
        store = make_store(options.folder, say)
        self._happenings.names = names_of(store)
        bank, pages = ports.bank_url, ports.fleet_url
        data = {name: str(options.folder / name) for name in ("broker", "bank", "fleet")}
        config = make_config(options.folder, ports, options.panel, store)
        self._child(
            "broker",
            python("endcap", "fleet", "broker", "--data", data["broker"], "--port", str(ports.broker)),
        )
        self._child(
            "bank",
            python(
                "endcap", "fleet", "sandbox", "--data", data["bank"], "--port", str(ports.bank),
                "--webhook", f"{pages}/webhooks/sandbox",
            ),
        )  # fmt: skip
        self._wait("the MQTT broker", lambda: _listens(ports.broker), ended)
        self._child(
            "fleet",
            python(
                "endcap", "fleet", "serve", "--data", data["fleet"], "--broker", f"127.0.0.1:{ports.broker}",
                "--port", str(ports.fleet), "--catalogue", str(store), "--provider", bank,
                "--provider-keys", data["bank"], "--methods", "link", "epc", "card", *MERCHANT,
            ),
        )  # fmt: skip
        mirror = [
            "--mirror",
            str(options.folder / "mirror.sock"),
            *(["--headless"] if options.headless else []),
        ]
        self._child("kiosk", python("endcap", "kiosk", "run", "--config", str(config), *mirror))
        self._wait("the sandbox bank", lambda: _answers(f"{bank}/health"), ended)
        self._wait("the fleet", lambda: _answers(f"{pages}/healthz"), ended)
        if not ended.is_set():
            register_cards(options.folder, bank)

    def _child(self, name: str, arguments: list[str], env: dict[str, str] | None = None) -> None:
        self._family.add(Child(name, arguments, self._logs / f"{name}.log", env))

    def _wait(self, what: str, there: Callable[[], bool], ended: threading.Event) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not there():
            self._family.check()
            if ended.wait(0.02):
                return
            if time.monotonic() > deadline:
                raise ChildFailed(f"{what} was not up after {PATIENCE_S:.0f} s; logs are in {self._logs}")

    def _explain(self, code: str) -> Explained:
        ports = self._options.ports
        return explain(code, self._happenings.names, ports.fleet_url, ports.bank_url)

    def _power_cut(self) -> None:
        self._family["kiosk"].kill()

    def _facts(self, peripherals: VirtualPeripherals, glass: Glass) -> Callable[[], dict[str, object]]:
        ports = self._options.ports
        codes = samples(self._options.folder)
        links = {
            "The operator's page": f"{ports.fleet_url}/",
            "What the wall's codes have brought": f"{ports.fleet_url}/visits",
            "The shop on a phone": f"{ports.fleet_url}/shop",
            "The shopper's bank": f"{ports.bank_url}/",
            "What shall go wrong with the next payment": f"{ports.bank_url}/faults",
        }

        def facts() -> dict[str, object]:
            receipts = peripherals.receipts()
            return {
                "links": links,
                "samples": codes,
                "cards": peripherals.cards(),
                "state": peripherals.state() | {"kiosk": "selling" if glass.up else "starting"},
                "receipt": receipts[-1] if receipts else "",
            }

        return facts


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
