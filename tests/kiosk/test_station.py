"""The whole way: a kiosk's own process, a real broker, a real fleet, and the sandbox provider in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from content.store import write_store
from devices.sim.pn532_chip import SimPn532
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from fleet import tables
from fleet.broker.broker import Broker
from fleet.config import Config as FleetConfig
from fleet.serve import Fleet
from kiosk.cli import main
from kiosk.config import load_config
from kiosk.link.socket import SocketAgentEnd, SocketScreenEnd
from kiosk.program import AgentProgram
from kiosk.views import (
    Add,
    AskCode,
    Attract,
    Checkout,
    CodeEntry,
    CodeResult,
    Done,
    EnterCode,
    Pay,
    PayBy,
    PrintReceipt,
    Problem,
    ProductDetail,
    Retry,
    Start,
    Thanks,
    View,
)
from tests.fleet.payments.sandbox_process import Sandbox, free_port, sandbox
from tests.kiosk.kiosks import APPLES, MILK, store
from tests.kiosk.until import until

pytestmark = pytest.mark.server
ENDS_S = 60.0  # in which a process ends, where all cores are busy
FROM_THE_PAGE = {"sec-fetch-site": "same-origin"}  # as a browser says it


@dataclass
class Station:
    """A station hall: folder, configuration, peripherals, and the operator's side."""

    folder: Path
    config: Path
    operator: FleetConfig
    fleet: Fleet
    bank: Sandbox
    scanner: SimScanner
    reader: SimPn532
    printer: SimPrinter
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A process of the kiosk's; it does not outlive the test."""
        words = [sys.executable, "-m", "kiosk", *command, "--config", str(self.config), "--log", "WARNING"]
        self.processes.append(subprocess.Popen(words, env=os.environ | environment))
        return self.processes[-1]

    @contextmanager
    def without_fleet(self) -> Iterator[None]:
        """The operator's side is down meanwhile; the broker stays, so the kiosk cannot see it."""
        self.fleet.stop()
        try:
            yield
        finally:
            self.fleet = Fleet(self.operator)
            self.fleet.start()

    def sales(self) -> list[tuple[str, int, str]]:
        """(reference, minor units, channel) of every sale the fleet has."""
        with self.fleet.store.read() as db:
            query = select(tables.sales.c.reference, tables.sales.c.total_minor, tables.sales.c.channel)
            return [tuple(row) for row in db.execute(query)]

    def count(self, kind: str) -> int:
        """Events of a kind in the fleet's store."""
        with self.fleet.store.read() as db:
            asked = select(func.count()).select_from(tables.events).where(tables.events.c.type == kind)
            return int(db.scalar(asked) or 0)

    def state(self) -> str:
        with self.fleet.store.read() as db:
            state = select(tables.kiosks.c.state).where(tables.kiosks.c.kiosk == f"test/central/{self.kiosk}")
            return str(db.scalar(state) or "")

    @property
    def kiosk(self) -> str:
        """Its name; tests share a broker, and each has a kiosk of its own."""
        return self.folder.name[-20:]


@pytest.fixture
def station(tmp_path: Path, broker: Broker) -> Iterator[Station]:
    port = free_port()
    made = store()
    aisles = ("fruit", "dairy")
    write_store(tmp_path / "store", made.store, [p for aisle in aisles for p in made.shelf(aisle, 0, 100)])
    (tmp_path / "kiosk.toml").write_text(
        f"""
        public_host = "http://127.0.0.1:{port}"
        trust_clock = true
        [address]
        tenant = "test"
        site = "central"
        kiosk = "{tmp_path.name[-20:]}"
        [paths]
        store = "store"
        state = "state"
        [broker]
        port = {broker.port}
        [session]
        ask_ms = 1500
        late_poll_ms = 500
        """
        + "".join(
            f'[[devices]]\nname = "{name}"\nmodel = "{model}"\nport = "{tmp_path}/{name}"\n'
            for name, model in (("scanner", "line-scanner"), ("reader", "pn532"), ("printer", "escpos"))
        )
    )
    with sandbox(tmp_path / "bank", f"http://127.0.0.1:{port}/webhooks/sandbox") as bank:
        config = FleetConfig(
            data=tmp_path / "fleet", broker_port=broker.port, port=port, name=f"fleet-{port}",
            provider_url=bank.url, provider_keys=tmp_path / "bank",
        )  # fmt: skip
        sims = (
            SimScanner(tmp_path / "scanner"),
            SimPn532(tmp_path / "reader"),
            SimPrinter(tmp_path / "printer"),
        )
        there = Station(tmp_path, tmp_path / "kiosk.toml", config, Fleet(config), bank, *sims)
        there.fleet.start()
        try:
            until(lambda: there.fleet.connected, "the fleet to hear")  # what is asked before is lost
            yield there
        finally:
            for process in there.processes:
                process.kill()
                process.wait()
            there.fleet.stop()
        for sim in sims:
            sim.close()


class Customer:
    """Stands before the screen; sees what the agent's process says through its socket."""

    def __init__(self, station: Station) -> None:
        self.seen: list[View] = []
        self.link = SocketScreenEnd(station.folder / "state" / "screen.sock")
        self.link.listen(lambda _shop, view: self.seen.append(view))

    def sees(self, kind: type[View]) -> View:
        until(lambda: self.seen and isinstance(self.seen[-1], kind), f"{kind} but {self.seen[-1:]}")
        return self.seen[-1]

    def asks_to_pay(self) -> Pay:
        """Two pieces of apples, up to the code."""
        self.sees(Attract)
        for intent in (Start(), Add(gtin=APPLES, facing=1, quantity=2), Checkout()):
            self.link.send(intent)
        until(lambda: self.seen and not getattr(self.seen[-1], "off", ("?",)), "a method that can be used")
        self.link.send(PayBy("link"))
        until(lambda: isinstance(self.seen[-1], Pay) and self.seen[-1].stage == "waiting", "the code to pay")
        view = self.seen[-1]
        assert isinstance(view, Pay)
        return view


def types_code(customer: Customer, code: str) -> None:
    """Up to the receipt it offers; again where the answer was too long in coming, which says nothing of the code."""
    while True:
        customer.link.send(EnterCode())
        customer.sees(CodeEntry)
        customer.link.send(AskCode(code))
        view = customer.sees(CodeResult)
        assert isinstance(view, CodeResult)
        if view.key != "offline":
            break
    until(lambda: getattr(customer.seen[-1], "receipt", "") == "offer", f"the order; {customer.seen[-1:]}")


def pays(pay: Pay) -> None:
    """A phone opens what the code says and presses the button."""
    assert httpx.get(pay.payload, trust_env=False).is_success
    pressed = httpx.post(pay.payload, data={"answer": "pay"}, headers=FROM_THE_PAGE, trust_env=False)
    assert pressed.is_redirect, pressed


def sold_once(station: Station, customer: Customer, process: subprocess.Popen[bytes], pay: Pay) -> None:
    """The customer is thanked, the agent ends well, and the fleet's books hold that sale and no other."""
    thanks = customer.sees(Thanks)
    assert isinstance(thanks, Thanks)
    assert thanks.reference == pay.reference
    until(station.sales)
    process.terminate()
    assert process.wait(ENDS_S) == 0
    assert station.sales() == [(pay.reference, 498, "touch")]
    customer.link.close()


def test_from_touch_to_receipt_to_the_fleets_books(station: Station) -> None:
    process, customer = station.start("agent"), Customer(station)
    pay = customer.asks_to_pay()
    pays(pay)
    thanks = customer.sees(Thanks)
    assert isinstance(thanks, Thanks)
    until(lambda: station.printer.receipts)
    assert thanks.claim_code in station.printer.receipts[0]
    until(station.sales)
    assert station.sales() == [(pay.reference, 498, "touch")]
    customer.link.send(Done())
    customer.sees(Attract)
    station.scanner.scan(MILK[1:])
    detail = customer.sees(ProductDetail)
    assert isinstance(detail, ProductDetail)
    assert detail.facing.gtin == MILK
    until(lambda: station.count("scan") == 1)
    until(lambda: station.count("engagement") > 3)
    until(lambda: station.state() == "selling")
    process.send_signal(signal.SIGTERM)
    assert process.wait(ENDS_S) == 0
    until(lambda: station.state() == "closed", f"the good-bye; {station.state()}")
    customer.link.close()


def test_an_agent_killed_while_somebody_pays_sells_all_the_same_and_once(station: Station) -> None:
    process, customer = station.start("agent"), Customer(station)
    pay = customer.asks_to_pay()
    process.kill()
    process.wait()
    pays(pay)
    until(lambda: station.state() == "lost", "the will")
    process = station.start("agent")
    sold_once(station, customer, process, pay)


def test_the_code_of_a_wall_that_lost_its_memory_is_honoured_and_once(station: Station) -> None:
    """Killed while somebody pays, its card swapped for a blank one: the money still buys the goods, here or anywhere."""
    process, customer = station.start("agent"), Customer(station)
    pay = customer.asks_to_pay()
    process.kill()
    process.wait()
    customer.link.close()
    pays(pay)
    until(lambda: station.state() == "lost", "the will")  # or its last word is taken for its successor's
    shutil.rmtree(station.folder / "state")
    assert station.fleet.payments is not None
    entry = station.fleet.payments.book.get(pay.reference)
    assert entry is not None
    process, customer = station.start("agent"), Customer(station)
    customer.sees(Attract)
    until(lambda: station.state() == "ready", "the wall to be back")
    for _ in range(2):
        types_code(customer, entry.claim_code)
    customer.link.send(PrintReceipt())
    until(lambda: station.printer.receipts, "the receipt")
    assert entry.claim_code in station.printer.receipts[0]
    assert station.sales() == [(pay.reference, 498, "touch")]
    assert station.count("refund") == 0
    claims = station.fleet.claims
    assert [claims.hand_over(entry.claim_code, entry.order, "Mo")[1] for _ in range(2)] == [True, False]
    process.terminate()
    assert process.wait(ENDS_S) == 0
    customer.link.close()


def test_a_fleet_that_starts_anew_while_somebody_pays_loses_nothing(station: Station) -> None:
    process, customer = station.start("agent"), Customer(station)
    pay = customer.asks_to_pay()
    with station.without_fleet():
        pays(pay)
    sold_once(station, customer, process, pay)


def test_a_request_that_only_a_dead_fleet_heard_is_found_out_and_tried_again(station: Station) -> None:
    process, customer = station.start("agent"), Customer(station)
    customer.sees(Attract)
    for intent in (Start(), Add(gtin=APPLES, facing=1, quantity=2), Checkout()):
        customer.link.send(intent)
    until(lambda: not getattr(customer.seen[-1], "off", ("?",)), "a method that can be used")
    with station.without_fleet():
        customer.link.send(PayBy("link"))
        until(lambda: isinstance(customer.seen[-1], Pay) and customer.seen[-1].stage == "late", "the doubt")
    problem = customer.sees(Problem)
    assert isinstance(problem, Problem)
    assert (problem.key, problem.can_retry) == ("provider-down", True)
    customer.link.send(Retry())
    until(lambda: isinstance(customer.seen[-1], Pay) and customer.seen[-1].payload, "the code to pay")
    pay = customer.seen[-1]
    assert isinstance(pay, Pay)
    pays(pay)
    customer.sees(Thanks)
    until(station.sales)
    process.terminate()
    assert process.wait(ENDS_S) == 0
    assert station.sales() == [(pay.reference, 498, "touch")]
    customer.link.close()


def test_the_service_manager_hears_that_it_is_ready_alive_and_stopping(station: Station) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(station.folder / "notify"))
        manager.settimeout(20)
        process = station.start("agent", NOTIFY_SOCKET=str(station.folder / "notify"), WATCHDOG_USEC="200000")
        assert [manager.recv(64) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        process.terminate()
        said = [manager.recv(64)]
        while said[-1] == b"WATCHDOG=1":
            said.append(manager.recv(64))
        assert said[-1] == b"STOPPING=1"
        assert process.wait(ENDS_S) == 0


@pytest.mark.ui
def test_the_screen_may_be_killed_while_somebody_pays_and_the_next_one_joins(station: Station) -> None:
    config = load_config(station.config)
    config.state.mkdir()
    link = SocketAgentEnd(config.socket)
    program = AgentProgram(config, link)
    program.start()
    customer = Customer(station)
    screen = station.start("ui", "--headless")
    pay = customer.asks_to_pay()
    until(lambda: link.counters()["screens"] == 2, "the screen to join")
    screen.kill()
    screen.wait()
    until(lambda: link.counters()["screens"] == 1)
    screen = station.start("ui", "--headless")
    pays(pay)
    customer.sees(Thanks)
    until(lambda: link.counters()["screens"] == 2, "the next screen to join")
    screen.terminate()
    assert screen.wait(ENDS_S) == 0
    customer.link.close()
    program.stop()


@pytest.mark.ui
def test_agent_and_screen_in_one_process_end_when_asked_and_let_go_of_the_state(station: Station) -> None:
    for _ in range(2):
        process = station.start("run", "--headless")
        until(lambda: station.state() == "ready")
        process.terminate()
        assert process.wait(ENDS_S) == 0
        until(lambda: station.state() == "closed")


def test_what_cannot_start_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kiosk.toml"
    assert main(["agent", "--config", str(file)]) == 1
    file.write_text(
        '[address]\ntenant = "a"\nsite = "b"\nkiosk = "c"\n[paths]\nstore = "store"\nstate = "state"\n'
    )
    assert main(["agent", "--config", str(file)]) == 1
    assert main(["ui"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"endcap kiosk: {file}: cannot be read: No such file or directory",
        f"endcap kiosk: {tmp_path}/store: no store here (catalogue.db is missing); make one: endcap import",
        "endcap kiosk: ui: where is the agent? Give --socket PATH or --config FILE",
    ]
