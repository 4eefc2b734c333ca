"""An operator, a bank, a fleet and walls, each the real program in a process of its own, on loopback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

import endcap
from fleet.broker.broker import Broker, start_broker
from fleet.cli.command import call
from tests.content.shop import gtin
from tests.demo.shopper import submit
from tests.fleet.payments.sandbox_process import free_port
from tests.journeys.person import Person
from tests.servers import missing
from tests.waiting import DEADLINE_S, wait_until

TENANT = "demo"
LONG_S = 180.0  # a whole fetch, trial and report, where ten programs share a core
SIGNED = ("--by", "ada", "--why", "the story has it so")
STORE = """
key = "corner"
currency = "EUR"
timezone = "Europe/Berlin"
methods = ["link"]
[names]
en = "Corner"
[[languages]]
tag = "en"
name = "English"
[[aisles]]
key = "bread"
names = { en = "Bread" }
[[aisles]]
key = "milk"
names = { en = "Milk" }
"""
COUNT = 60
BREAD, MILK = gtin(1), gtin(COUNT)


class Shelves:
    """The operator's folder: sixty products, half of them bread, at prices and in an order that can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prices = dict.fromkeys((gtin(number) for number in range(1, COUNT + 1)), 250)
        self.first: Sequence[str] = ()  # of the bread, on every wall
        self.gone: set[str] = set()
        folder.mkdir()
        (folder / "store.toml").write_text(STORE)
        self.write()

    def write(self) -> None:
        rows = ["id\tgtin\ttitle\tprice\tproduct_type"]
        for number, (code, minor) in enumerate(self.prices.items(), 1):
            aisle = "bread" if number <= COUNT // 2 else "milk"
            if code not in self.gone:
                rows.append(f"P{number}\t{code}\tProduct {number}\t{minor / 100:.2f} EUR\t{aisle}")
        (self.folder / "feed.tsv").write_text("\n".join(rows) + "\n")
        facings = ", ".join(f'"{code}"' for code in self.first)
        (self.folder / "walls.toml").write_text(
            '[[walls]]\nkey = "all"\norientation = "portrait"\n'
            f'[[walls.shelves]]\naisle = "bread"\nfacings = [{facings}]\nrest = true\n'
            '[[walls.shelves]]\naisle = "milk"\n'
        )


class Program:
    """`endcap ...` as a process, asked to end at the end."""

    def __init__(self, words: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self._words, self._log, self._env = words, log, {**os.environ, **env}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "endcap", *self._words], stdout=output, stderr=output, env=self._env
            )

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def end(self) -> None:
        """Ask it to end; it must end as asked."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            assert process.wait(DEADLINE_S) == 0, self.said()

    def cut(self) -> None:
        """Its power goes."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        process.wait(DEADLINE_S)


class Kiosk:
    """A wall: the real agent, and a screen that is played (Person); the real one is in tests/kiosk/adopting/test_station.py."""

    def __init__(self, town: Town, name: str, sources: Sequence[str], more: str) -> None:
        self.town, self.address = town, f"{TENANT}/s1/{name}"
        self.folder = town.folder / name
        self.folder.mkdir()
        (self.folder / "root.json").write_bytes((town.repository / "metadata" / "1.root.json").read_bytes())
        self.config = self.folder / "kiosk.toml"
        self.config.write_text(
            f"""
            public_host = "https://shop.example"
            trust_clock = true
            [address]
            tenant = "{TENANT}"
            site = "s1"
            kiosk = "{name}"
            [paths]
            store = "store"
            state = "state"
            [broker]
            port = {town.broker_port}
            crowd_s = 1
            [content]
            sources = {list(sources)!r}
            root = "root.json"
            health_s = 1
            check_s = 5
            carried = "carried"
            [panel]
            width = 540
            height = 960
            {more}
            """
        )
        told = ["--config", str(self.config), "--log", "WARNING"]
        self.agent = town.program(f"{name}-agent", "kiosk", "agent", *told)

    def start(self) -> Person:
        """Power. Returns who stands before it."""
        self.agent.start()
        person = Person(self.folder / "state" / "screen.sock")
        self.town.undo.callback(person.leaves)
        return person

    def reported(self) -> dict[str, Any]:
        """What it says of its content, as the fleet has it."""
        said = call(self.town.url, f"/api/desired/{self.address}")["reported"]
        return dict(said["content"]) if said else {}

    def confirms(self, release: str) -> None:
        """Wait until the fleet knows that it runs a release, and is well."""

        def so() -> bool:
            said = self.reported()
            return bool(said and said["name"] == release and said["confirmed"])

        wait_until(so, f"{self.address} to confirm {release}", LONG_S)


class Town:
    """`with Town(folder) as town`. What is started in it ends with it."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder, self.env, self.undo = folder, env or {}, ExitStack()
        self.shelves = Shelves(folder / "content")
        self.repository, self.keys = folder / "repository", folder / "keys"
        self.broker_port, self.port, self.bank_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.broker: Broker | None = None

    def __enter__(self) -> Self:
        init = ("keys", "init", "--repository", str(self.repository), "--keys", str(self.keys))
        self.operator("content", *init, "--tenant", TENANT, "--plain")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo.close()

    def program(self, name: str, *words: str) -> Program:
        made = Program(words, self.folder / f"{name}.log", self.env)
        self.undo.callback(made.end)
        return made

    # --- the operator ---

    def operator(self, *words: str) -> str:
        """`endcap ...`, which must do as it is told; what it printed. In a process of its own where the clock is another."""
        if not self.env:
            printed = io.StringIO()
            with redirect_stdout(printed), redirect_stderr(printed):
                code = endcap.main(list(words))
            assert code == 0, f"{words}: {printed.getvalue()}"
            return printed.getvalue()
        done = subprocess.run(
            [sys.executable, "-m", "endcap", *words],
            capture_output=True, text=True, env={**os.environ, **self.env}, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def publishes(self, *more: str) -> str:
        """The folder as it stands becomes a release; its name."""
        self.shelves.write()
        where = ("--repository", str(self.repository), "--keys", str(self.keys))
        said = self.operator("publish", str(self.shelves.folder), *where, *more)
        return said.split("published ")[1].split(":")[0]

    def fleet(self, *words: str) -> str:
        """A command to the fleet."""
        return self.operator("fleet", *words, "--fleet", self.url)

    def rolls_out(self, release: str, *rings: str) -> str:
        """Ada asks, Bo approves; the roll-out's id."""
        asked = [word for ring in rings for word in ("--ring", ring)]
        rollout = self.fleet("rollout", "create", release, *asked, "--submit", *SIGNED).split()[0]
        self.fleet("rollout", "approve", rollout, "--by", "bo", "--why", "looked at it")
        return rollout

    def rollout(self, rollout: str) -> dict[str, Any]:
        return dict(call(self.url, f"/api/rollouts/{rollout}"))

    def page(self, path: str) -> str:
        answer = httpx.get(f"{self.url}{path}", trust_env=False, timeout=DEADLINE_S)
        assert answer.is_success, answer.text
        return answer.text

    # --- who is there ---

    def opens(self) -> None:
        """Broker, bank and fleet begin, with the store of the folder as it stands."""
        reason = missing("mosquitto")
        if reason:
            pytest.skip(reason)
        self.broker = start_broker(self.folder / "broker", port=self.broker_port, prefer="mosquitto")
        self.undo.callback(self.broker.stop)
        store, books = str(self.folder / "store"), str(self.folder / "bank")
        here = f"{TENANT}/s1/K1"
        self.operator("content", "resolve", str(self.shelves.folder), "--kiosk", here, "--into", store)
        bank = f"http://127.0.0.1:{self.bank_port}"
        self._serves(
            bank, "/health", "bank",
            "fleet", "sandbox", "--data", books, "--port", str(self.bank_port), "--webhook", f"{self.url}/webhooks/sandbox",
        )  # fmt: skip
        self._serves(
            self.url, "/healthz", "fleet",
            "fleet", "serve", "--data", str(self.folder / "fleet"), "--broker", f"127.0.0.1:{self.broker_port}",
            "--port", str(self.port), "--releases", str(self.repository), "--catalogue", store,
            "--live-key", str(self.keys / "demo.live.pem"), "--alert-key", str(self.keys / "demo.alert.pem"),
            "--provider", bank, "--provider-keys", books, "--methods", "link",
        )  # fmt: skip

    def _serves(self, url: str, health: str, name: str, *words: str) -> None:
        program = self.program(name, *words)
        program.start()

        def answers() -> bool:
            assert program.alive(), program.said()
            try:
                return httpx.get(url + health, trust_env=False).is_success
            except httpx.HTTPError:
                return False

        wait_until(answers, f"{name} to answer")

    def kiosk(self, name: str, *sources: str, more: str = "") -> Kiosk:
        """A wall that is hung; from the fleet's own /content/ where no source is said."""
        return Kiosk(self, name, sources or (f"{self.url}/content",), more=more)


def pays(payload: str) -> str:
    """Open the code on the glass, and press Pay at the bank."""
    return submit(payload, answer="pay")
