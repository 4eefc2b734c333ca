"""`endcap devices`: what hangs on this kiosk, how it is, and what to do about it."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices import registry
from devices.events import DeviceEvent
from devices.finding import udev
from devices.finding.sysfs import Sysfs
from devices.models import Setting
from devices.settings import BadSettings, read_settings
from devices.supervision.manager import Manager
from devices.technician import cli_live, cli_test
from devices.technician.plain import found_as_plain, report_as_plain
from devices.technician.service_client import Client, NoAgent, Refused

CONFIG = Path("/etc/endcap/kiosk.toml")

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 where all is well, 1 where a device is not ready, 2 where it could not be found out, or was stopped."""
    options = parser().parse_args(arguments)
    try:
        run: Command = options.run
        outcome = run(options)
        sys.stdout.flush()
        return outcome
    except KeyboardInterrupt:  # what was borrowed or opened has been let go of on the way here
        print("\nendcap devices: stopped", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read what we say has gone; Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (BadSettings, Refused, OSError) as error:
        print(f"endcap devices: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """All commands; without one it is `list`."""
    top = argparse.ArgumentParser(prog="endcap devices", description=__doc__)
    _common(top)
    top.set_defaults(run=_list, json=False, config=None)
    commands = top.add_subparsers(metavar="COMMAND")
    shown = commands.add_parser("list", help="what is there, how it is, and what to do (the default)")
    _common(shown)
    shown.set_defaults(run=_list)
    _tools(commands)
    rules = commands.add_parser(
        "rules", help="write udev rules for the models there are, and for other makers"
    )
    rules.add_argument(
        "vendors",
        nargs="*",
        metavar="VVVV[:PPPP]",
        type=vendor,
        help="USB vendor ids (hexadecimal); with the product for a scanner that types",
    )
    rules.set_defaults(run=_rules)
    return top


def _tools(commands: Any) -> None:
    test = commands.add_parser("test", help="lead through a test of one device, with a verdict")
    _config(test)
    test.add_argument("name", nargs="?", metavar="NAME", help="as in the configuration")
    test.add_argument("--model", help="instead of NAME: a device that is not configured, with --port")
    test.add_argument("--port", default="auto", help="as in the configuration (default: auto)")
    test.add_argument("--plug", action="store_true", help="have it unplugged and plugged in again too")
    test.add_argument("--force", action="store_true", help="also while somebody is buying at the wall")
    test.set_defaults(run=_with_settings(cli_test.run))
    watch = commands.add_parser("watch", help="show every event as it happens")
    _common(watch)
    watch.add_argument("names", nargs="*", metavar="NAME", help="only of these")
    watch.add_argument("--seconds", type=float, help="for so long (default: until Ctrl-C)")
    watch.set_defaults(run=_with_settings(cli_live.watch))
    trace = commands.add_parser("trace", help="record what goes over a device's wire")
    _config(trace)
    trace.add_argument("name", metavar="NAME", help="as in the configuration")
    trace.add_argument("--to", type=Path, required=True, metavar="FILE", help="where to write it down")
    trace.add_argument("--seconds", type=float, help="for so long (default: until Ctrl-C)")
    trace.add_argument(
        "--card-numbers",
        action="store_true",
        help="write a reader's bytes too, with the numbers of cards in them",
    )
    trace.set_defaults(run=_with_settings(cli_live.trace))


def _with_settings(run: Callable[[argparse.Namespace, list[Setting], Path | None], int]) -> Command:
    return lambda options: run(options, *_settings(options.config))


def _settings(config: Path | None) -> tuple[list[Setting], Path | None]:
    """The configured devices and the agent's socket; none where there is no configuration. Raises BadSettings."""
    if config is None and not CONFIG.exists():
        return [], None
    # A key of the moment: nobody keeps the tokens of a look.
    return read_settings(config or CONFIG, registry.models(), secrets.token_bytes(32))


def _config(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,  # said before the command or behind it
        help=f"the kiosk's TOML file (default: {CONFIG}, where there is one)",
    )


def _common(one: argparse.ArgumentParser) -> None:
    _config(one)
    one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")


def vendor(text: str) -> tuple[int, int | None]:
    """A vendor id as lsusb writes it, with or without the product's. Raises ValueError."""
    parts = text.split(":")
    if len(parts) > 2 or any(len(part) != 4 for part in parts):
        raise ValueError
    return int(parts[0], 16), int(parts[1], 16) if len(parts) == 2 else None


def _rules(options: argparse.Namespace) -> int:
    print(udev.rules(registry.models().values(), options.vendors), end="")
    return 0


def _list(options: argparse.Namespace) -> int:
    known = listing(options.config)
    if options.config is None and not CONFIG.exists():
        print("no configuration (--config FILE): this is what is plugged in", file=sys.stderr)
    if options.json:
        print(json.dumps(known, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _draw(known)
    else:
        print("\n".join("\t".join(row) for row in rows(known)))
    return int(any(one["state"] != "ready" for one in known["devices"]))


def listing(config: Path | None) -> dict[str, Any]:
    """All that is known: {"agent": whether one runs, "devices": [...], "found": [...]}, see devices.technician.service.

    Without an agent the devices are opened here for a moment. Raises BadSettings, OSError.
    """
    settings, socket = _settings(config)
    if socket is not None:
        try:
            with Client(socket) as agent:
                return {"agent": True, **agent.ask(do="list")}
        except NoAgent:
            pass
    manager = Manager(settings, _nobody)
    manager.start()
    try:
        cli_live.settle(manager)
        reports = manager.snapshot()
    finally:
        manager.stop()
    return {
        "agent": False,
        "devices": [report_as_plain(report) for report in reports],
        "found": found_as_plain(Sysfs().present(), registry.models(), [report.place for report in reports]),
    }


HEAD = ("name", "model", "where", "state", "counted", "last error", "what to do")


def rows(known: dict[str, Any]) -> list[tuple[str, ...]]:
    """The listing as a table, its head first: what is configured, then what else is there."""
    told = [*map(_configured, known["devices"]), *map(_found, known["found"])]
    return [HEAD, *(tuple(_printable(cell) for cell in row) for row in told)]


def _printable(cell: str) -> str:
    """What a device says of itself may hold anything, what a terminal obeys too."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in cell)


def _configured(one: dict[str, Any]) -> tuple[str, ...]:
    state = f"{'lent' if one['lent'] else one['state']} for {_span(one['since_s'])}"
    error = f"{one['error']} ({_span(one['error_s'])} ago)" if one["error"] else ""
    remedy = one["remedy"] if one["state"] != "ready" else ""
    return (
        one["name"], one["model"], one["place"] or one["port"], state,
        _counted(one["counters"], one["heard_s"]), error, remedy or _absent(one),
    )  # fmt: skip


def _absent(one: dict[str, Any]) -> str:
    return "Plug it in; it is found by itself." if one["state"] == "absent" and not one["lent"] else ""


def _found(one: dict[str, Any]) -> tuple[str, ...]:
    models = one["models"]
    advice = f'Not configured. To use it: model = "{models[0]}", port = "{one["port"]}".' if models else ""
    words = f"{one['product']} {one['usb']}".strip() + (f" serial {one['serial']}" if one["serial"] else "")
    return "-", ", ".join(models) or "unknown", one["port"], words, "", "", advice


def _counted(counters: dict[str, int], heard_s: float | None) -> str:
    parts = [f"{name} {count}" for name, count in counters.items() if count]
    return ", ".join([*parts, f"heard {_span(heard_s)} ago" if heard_s is not None else "never heard"])


def _span(seconds: float | None) -> str:
    """A time in the unit a person would take."""
    if seconds is None:
        return "never"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


_COLOURS = {"ready": "green", "failed": "red", "lost": "yellow", "absent": "yellow"}


def _draw(known: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=None if known["agent"] else "no agent runs: the devices were opened for a look")
    for head in HEAD:  # folded and never cut: what stands there is to be copied into a configuration
        table.add_column(head, overflow="fold", no_wrap=head == "name")
    for row in rows(known)[1:]:
        colour = _COLOURS.get(row[3].partition(" ")[0], "default")
        cells = [escape(cell) for cell in row]
        cells[3] = f"[{colour}]{cells[3]}[/]"
        table.add_row(*cells)
    Console().print(table)


def _nobody(event: DeviceEvent) -> None:
    """A listing is told of nothing."""
