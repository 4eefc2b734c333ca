"""`endcap devices watch` and `endcap devices trace`: what happens at the peripherals, as it happens."""

from __future__ import annotations

import argparse
import json
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
from devices.technician.plain import event_as_plain
from devices.technician.service_client import Client, NoAgent
from devices.trace import Line, head_of, line_of

Told = Mapping[str, Any]
NEVER_S = 1e9
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
    told = _teller(options)
    with suppress(KeyboardInterrupt), _events(settings, socket) as next_event:
        for event in _until(next_event, options.seconds):
            if "event" in event and (not options.names or event["device"] in options.names):
                told(event)
    return 0


def trace(options: argparse.Namespace, settings: list[Setting], socket: Path | None) -> int:
    """What goes over one device's wire, into a file, until Ctrl-C or for `seconds`. Raises BadSettings, Refused, OSError."""
    setting = next((one for one in settings if one.name == options.name), None)
    if setting is None:
        names = ", ".join(one.name for one in settings) or "none"
        raise BadSettings(f"no device {options.name!r} in the configuration; there are {names}")
    lines = 0
    with (
        options.to.open("w", encoding="utf-8") as file,
        suppress(KeyboardInterrupt),
        _lines(setting, socket, options.card_numbers, file) as next_line,
    ):
        print(f"recording {setting.name} to {options.to}; Ctrl-C ends", file=sys.stderr, flush=True)
        for line in _until(next_line, options.seconds):
            if "line" in line:
                file.write(f"{line['line']}\n")
                file.flush()
                lines += 1
    print(f"{lines} lines in {options.to}", file=sys.stderr)
    return 0


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
    events: queue.Queue[Told] = queue.Queue()
    manager = Manager(settings, lambda event: events.put(event_as_plain(event)))
    manager.start()
    for device in manager.devices.values():
        device.arm(True)
    try:
        yield lambda patience_s: _get(events, patience_s)
    finally:
        manager.stop()


@contextmanager
def _lines(
    setting: Setting, socket: Path | None, card_numbers: bool, file: TextIO
) -> Iterator[Callable[[float], Told | None]]:
    if socket is not None:
        with suppress(NoAgent), Client(socket) as agent:
            agent.send(do="trace", device=setting.name, card_numbers=card_numbers)
            file.write(agent.next()["head"])
            yield lambda patience_s: _next(agent, patience_s)
            return
    lines: queue.Queue[Told] = queue.Queue()

    def tell(line: Line) -> None:
        lines.put({"line": line_of(line)})

    manager = Manager([setting], lambda event: None)
    device = manager.devices[setting.name]
    device.listen(tell, card_numbers=card_numbers)
    device.arm(True)
    file.write(head_of(setting.model, f"recorded at {setting.port}", device.descriptor))
    manager.start()
    try:
        yield lambda patience_s: _get(lines, patience_s)
    finally:
        manager.stop()


def _next(agent: Client, patience_s: float) -> Told | None:
    try:
        return agent.next(patience_s)
    except TimeoutError:
        return None


def _get(waiting: queue.Queue[Told], patience_s: float) -> Told | None:
    try:
        return waiting.get(timeout=patience_s)
    except queue.Empty:
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
        f"{key}={value!r}" if key == "text" else f"{key}={value}"
        for key, value in rest.items()
        if value != ""
    )
    return str(event["device"]), str(event["event"]), said
