"""Our receipt printer driver beside python-escpos: `python -m benchmarks.devices.printer [--emupos PROGRAM]`.

Both talk over TCP to emupos, a printer simulator nobody here wrote, with Automatic Status Back on, and are asked once after each change of its
state; then to a printer that takes nothing more. emupos needs Python 3.13 and is looked for on the path; without it our own simulator
stands in, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pty
import resource
import shutil
import socket
import subprocess
import tempfile
import time
import tty
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Protocol

from benchmarks._table import table
from devices.drivers.escpos_printer import EscPosPrinter
from devices.errors import DeviceError
from devices.protocol import escpos
from devices.protocol.escpos_terms import IN_TURN, Abilities
from devices.sim.escpos_machine import Condition
from devices.sim.net_printer import SimNetPrinter
from devices.transport.serial import SerialTransport
from devices.transport.tcp import TcpTransport

FAULTS = ("paper-near-end", "paper-out", "cover-open", "offline")
CUT_OFF_S = 5.0  # a write that blocks that long is stopped from outside
State = tuple[bool, ...]  # of FAULTS


class Subject(Protocol):
    """A printer simulator."""

    port: int

    def be(self, state: State) -> None: ...


class Emupos:
    """emupos, played through its control API."""

    def __init__(self, port: int, api: int) -> None:
        self.port, self._api = port, f"http://127.0.0.1:{api}/api/v1/devices/front/faults/"

    def be(self, state: State) -> None:
        for fault, on in zip(FAULTS, state, strict=True):
            request = urllib.request.Request(self._api + fault, method="PUT" if on else "DELETE")
            urllib.request.urlopen(request, timeout=5).close()


class Ours:
    """Our own simulator."""

    def __init__(self, sim: SimNetPrinter) -> None:
        self._sim, self.port = sim, sim.port

    def be(self, state: State) -> None:
        low, out, cover, hot = state  # it has no switch for offline alone; a hot head is
        self._sim.be(Condition(paper_low=low, no_paper=out, cover_open=cover, hot=hot))


@contextmanager
def simulator(program: str | None) -> Iterator[tuple[str, Subject]]:
    """Its name, and the printer."""
    if program is None:
        sim = SimNetPrinter()
        try:
            yield "our own simulator", Ours(sim)
        finally:
            sim.close()
        return
    port, api = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "emupos.yaml"
        device = {
            "id": "front",
            "type": "printer",
            "profile": "epson-tm-t20iii",
            "connections": [{"tcp": {"port": port}}],
        }
        config.write_text(
            json.dumps({"schema": 1, "api": {"host": "127.0.0.1", "port": api}, "devices": [device]})
        )
        version = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
        child = subprocess.Popen(
            [program, "run", "--config", str(config)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            answer_at(port)
            yield version, Emupos(port, api)
        finally:
            child.terminate()
            child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer_at(port: int) -> None:
    """Wait until a printer answers there."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as line:
            line.sendall(b"\x10\x04\x01")
            if line.recv(1):
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")


# --- the status, asked once after each change ---------------------------------------------------------------------


def states() -> list[State]:
    """All there are, in an order in which every one differs from the one before."""
    every = list(product((False, True), repeat=len(FAULTS)))
    return [every[(index * 5) % len(every)] for index in range(1, len(every) + 1)]


def paper_of(state: State) -> int:
    """As python-escpos counts: 2 plenty, 1 near the end, 0 none."""
    return 0 if state[1] else 1 if state[0] else 2


def theirs_right(printer: Subject) -> tuple[int, float]:
    """How many states python-escpos says right when asked once for each, and the longest it took."""
    from escpos.printer import Network

    right, longest = 0, 0.0
    device = Network("127.0.0.1", printer.port, timeout=5)
    printer.be((False,) * 4)
    device._raw(escpos.AUTO_STATUS)
    time.sleep(0.2)
    for state in states():
        printer.be(state)
        time.sleep(0.05)
        began = time.perf_counter()
        with suppress(Exception):
            said = (bool(device.is_online()), int(device.paper_status()))
            right += said == (not any(state[1:]), paper_of(state))
        longest = max(longest, time.perf_counter() - began)
    device.close()
    return right, longest


def ours_right(printer: Subject) -> tuple[int, float]:
    """The same of our driver: the first whole status it has after the change."""
    right, longest = 0, 0.0
    printer.be((False,) * 4)
    driver = EscPosPrinter(
        "printer", TcpTransport("127.0.0.1", printer.port), Abilities((IN_TURN,), auto_status=True)
    )
    driver.start()
    session = driver._session
    while not session.way:
        driver.turn(0.1)
    driver._transport.write(escpos.AUTO_STATUS, 1.0)
    for state in states():
        printer.be(state)
        time.sleep(0.05)
        began = time.perf_counter()
        look_anew(driver)
        said = session.status
        right += (said.can_print, 0 if said.no_paper else 1 if said.paper_low else 2) == (
            not any(state[1:]),
            paper_of(state),
        )
        longest = max(longest, time.perf_counter() - began)
    driver.close()
    return right, longest


def look_anew(driver: EscPosPrinter) -> None:
    """Turn it until it has a whole status of this moment."""

    def looked() -> bool:
        return driver._session._looked is not None

    driver._session._looked = None
    while not looked():
        driver.turn(0.1)


# --- a printer that takes nothing more ----------------------------------------------------------------------------

MUCH = 6_000_000  # bytes: more than loopback's buffers


def _their_write(kind: str, where: str) -> None:
    from escpos.printer import Network, Serial

    device = Network("127.0.0.1", int(where)) if kind == "network" else Serial(where, timeout=1)
    device._raw(bytes(MUCH))


def _our_write(kind: str, where: str, told: multiprocessing.Queue[float]) -> None:
    wire = TcpTransport("127.0.0.1", int(where)) if kind == "network" else SerialTransport(where)
    driver = EscPosPrinter("printer", wire, Abilities((IN_TURN,)))
    driver._session._outbox.add(bytes(MUCH), time.monotonic())
    longest, end = 0.0, time.monotonic() + CUT_OFF_S
    while time.monotonic() < end:
        began = time.perf_counter()
        with suppress(DeviceError):
            driver.turn(0.1)
        longest = max(longest, time.perf_counter() - began)
    driver.close()
    told.put(longest)


def blocked(target: Callable[..., None], *arguments: object) -> tuple[float, float]:
    """Run it in a process: how long it blocked (until CUT_OFF_S), and the processor's seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    child.start()
    began = time.perf_counter()
    child.join(CUT_OFF_S + 6)
    took = time.perf_counter() - began
    if child.is_alive():
        child.kill()
        child.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def deaf(kind: str) -> Iterator[str]:
    """A port behind which nobody reads."""
    if kind == "network":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield str(listener.getsockname()[1])
        return
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        yield os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--emupos", default=shutil.which("emupos"), help="the program; by default that of the path"
    )
    program = parser.parse_args().emupos
    with simulator(program) as (name, printer):
        rows = []
        for who, run in (("python-escpos", theirs_right), ("endcap", ours_right)):
            right, longest = run(printer)
            rows.append((who, f"{right} of {len(states())}", round(longest * 1000)))
    table(f"Status of a printer, asked once after each change, Automatic Status Back on; against {name}",
          ("driver", "right", "longest query ms"), rows)  # fmt: skip
    calls = list[tuple[str, str, str]]()
    for kind in ("network", "serial"):
        with deaf(kind) as where:
            took, processor = blocked(_their_write, kind, where)
        held = f"{took:.1f}" if took < CUT_OFF_S + 6 else f"over {CUT_OFF_S + 6:.0f}, stopped"
        calls.append((f"python-escpos, {kind}", held, f"{processor:.1f}"))
        told: multiprocessing.Queue[float] = multiprocessing.get_context("spawn").Queue()
        with deaf(kind) as where:
            _, processor = blocked(_our_write, kind, where, told)
        calls.append((f"endcap, {kind}", f"{told.get(timeout=5):.2f}", f"{processor:.1f}"))
    table("A printer that takes nothing more: the longest call, and the processor's time (start of Python included)",
          ("driver", "blocked s", "processor s"), calls)  # fmt: skip


if __name__ == "__main__":
    main()
