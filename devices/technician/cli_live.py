"""`endcap devices watch` and `endcap devices trace`: what happens at the peripherals, as it happens."""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from devices.models import Setting
from devices.settings import BadSettings
from devices.supervision.manager import Manager
from devices.supervision.opening import THIS_HOST, Host
from devices.technician.plain import event_as_plain
from devices.technician.service_client import Client, NoAgent
from devices.trace import Line, head_of, line_of

Told = Mapping[str, Any]
NEVER_S = 1e9
SETTLE_S = 3.0  # without an agent: for the devices to be opened, before it is told how they are
STAYS = ("ready", "absent", "failed", "lost")
MOST_WAITING = 2000
COLOURS = {
    "Scan": "cyan",
    "CardSeen": "cyan",
    "TagRead": "cyan",
    "Tapped": "cyan",
    "Printed": "green",
    "NotPrinted": "red",
}


def watch(options: argparse.Namespace, settings: list[Setting], socket: Path | None) -> int:
    """Every event until Ctrl-C, or for `seconds`. Raises Refused, OSError."""
    if not settings:
        raise BadSettings("no devices are configured (where is the kiosk's TOML? --config)")
    for name in options.names:
        _named(name, settings)
    told = _teller(options)
    with suppress(KeyboardInterrupt), _events(settings, socket) as next_event:
        for event in _until(next_event, options.seconds):
            if "event" in event and (not options.names or event["device"] in options.names):
                told(event)
            if "lost" in event:
                print(f"{event['lost']} events are missing here: they came too fast", file=sys.stderr)
    return 0


def trace(options: argparse.Namespace, settings: list[Setting], socket: Path | None) -> int:
    """What goes over one device's wire, into a file, until Ctrl-C or for `seconds`. Raises BadSettings, Refused, OSError."""
    setting = _named(options.name, settings)
    lines = 0
    # Opened last: a device that is traced already costs nobody the trace that is in the file.
    with (
        suppress(KeyboardInterrupt),
        _lines(setting, socket, options.card_numbers) as (head, next_line),
        _created(options.to, private=options.card_numbers) as file,
    ):
        file.write(head)
        print(f"recording {setting.name} to {options.to}; Ctrl-C ends", file=sys.stderr, flush=True)
        for line in _until(next_line, options.seconds):
            if "lost" in line:
                file.write(f"# {line['lost']} lines are missing here: they came too fast\n")
            if "line" in line:
                file.write(f"{line['line']}\n")
                file.flush()
                lines += 1
    print(f"{lines} lines in {options.to}", file=sys.stderr)
    return 0


def _named(name: str, settings: list[Setting]) -> Setting:
    for one in settings:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in settings) or "none (where is the kiosk's TOML? --config)"
    raise BadSettings(f"no device {name!r} in the configuration; there are {names}")


def _created(path: Path, *, private: bool) -> TextIO:
    """A new file, or an old one emptied; `private`: nobody else may read what comes into it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600 if private else 0o666)
    if private and path.is_file():
        os.fchmod(handle, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8")


class _Queue:
    """Between the devices' threads and a terminal that may be slow: what has no room is counted and told."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Told] = queue.Queue(MOST_WAITING)
        self._lost = 0

    def put(self, told: Told) -> None:
        """From one thread alone."""
        try:
            self._waiting.put_nowait(told)
        except queue.Full:
            self._lost += 1

    def get(self, patience_s: float) -> Told | None:
        """The next one, None where none came in time."""
        if self._lost and self._waiting.empty():
            lost, self._lost = self._lost, 0
            return {"lost": lost}
        try:
            return self._waiting.get(timeout=patience_s)
        except queue.Empty:
            return None


def settle(manager: Manager) -> None:
    """Wait until each device is open, or it is known why not; at most SETTLE_S."""
    end = time.monotonic() + SETTLE_S
    while time.monotonic() < end and not all(state in STAYS for state in manager.states().values()):
        time.sleep(0.05)


def _until(next_one: Callable[[float], Told | None], seconds: float | None) -> Iterator[Told]:
    end = time.monotonic() + (NEVER_S if seconds is None else seconds)
    while (left := end - time.monotonic()) > 0:
        one = next_one(min(left, 1.0))
        if one is not None:
            yield one


@contextmanager
def _events(settings: list[Setting], socket: Path | None) -> Iterator[Callable[[float], Told | None]]:
    """Where events come from: the agent, or the devices opened here with readers looking for cards."""
    if socket is not None:
        with suppress(NoAgent), Client(socket) as agent:
            agent.ask(do="watch")
            yield lambda patience_s: _next(agent, patience_s)
            return
    events = _Queue()
    manager = Manager(settings, lambda event: events.put(event_as_plain(event)))
    manager.start()
    for device in manager.devices.values():
        device.arm(True)
    try:
        yield events.get
    finally:
        manager.stop()


@contextmanager
def _lines(
    setting: Setting, socket: Path | None, card_numbers: bool, host: Host = THIS_HOST
) -> Iterator[tuple[str, Callable[[float], Told | None]]]:
    """What a device's trace begins with, and where its lines come from: the agent, or the device opened here."""
    if socket is not None:
        with suppress(NoAgent), Client(socket) as agent:
            agent.send(do="trace", device=setting.name, card_numbers=card_numbers)
            yield agent.next()["head"], lambda patience_s: _next(agent, patience_s)
            return
    lines = _Queue()

    def tell(line: Line) -> None:
        lines.put({"line": line_of(line)})

    manager = Manager([setting], lambda event: None, host)
    device = manager.devices[setting.name]
    device.listen(tell, card_numbers=card_numbers)
    device.arm(True)
    manager.start()
    try:
        settle(
            manager
        )  # before it is open nobody knows its descriptor, without which no HID trace can be replayed
        yield head_of(setting.model, f"recorded at {setting.port}", device.descriptor), lines.get
    finally:
        manager.stop()


def _next(agent: Client, patience_s: float) -> Told | None:
    try:
        return agent.next(patience_s)
    except TimeoutError:
        return None


def _teller(options: argparse.Namespace) -> Callable[[Told], None]:
    if options.json:
        return lambda event: print(json.dumps(event, ensure_ascii=False), flush=True)
    if not sys.stdout.isatty():
        return lambda event: print("\t".join(words(event)), flush=True)
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)

    def draw(event: Told) -> None:
        device, name, said = words(event)
        colour = COLOURS.get(name, "yellow")
        console.print(
            Text.assemble(
                (time.strftime("%H:%M:%S "), "dim"), (f"{device:<10}", "bold"), (f"{name:<14}", colour), said
            )
        )

    return draw


def words(event: Told) -> tuple[str, str, str]:
    """Device, event, and what it says in a line: control characters of a code are written out."""
    rest = {
        key: value for key, value in event.items() if key not in ("event", "device", "at", "counters", "data")
    }
    said = "  ".join(
        f"{key}={value!r}" if key == "text" or not str(value).isprintable() else f"{key}={value}"
        for key, value in rest.items()
        if value != ""
    )
    return str(event["device"]), str(event["event"]), said
