"""The command `endcap`: one visible table of what it can do, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import sys

# name -> (module with main(arguments) -> exit code, extra that brings what it needs, what it does)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("kiosk.demo", "kiosk,fleet", "the whole shop on this machine, with virtual peripherals"),
    "import": ("content.cli", "kiosk", "read a product feed into a store"),
    "content": ("content.authored.cli", "kiosk", "what an operator publishes: check, resolve and more"),
    "publish": ("content.release.cli_publish", "publish", "make a signed release of a content folder"),
    "publish-software": ("content.software.cli", "fleet", "make a signed release of programs"),
    "kiosk": ("kiosk.cli", "kiosk", "the program in the station: run, agent, ui, outbox"),
    "devices": (
        "devices.technician.cli",
        "kiosk",
        "what hangs on this kiosk, how it is, what to do about it",
    ),
    "fleet": (
        "fleet.cli.main",
        "fleet",
        "the program at the operator: serve, ingest, command, simulate and more",
    ),
    "scan": ("kiosk.codes.scan_cli", "", "say what a scanned code means"),
    "payload": ("fleet.payments.codecs.cli", "", "write and read the payload of a payment QR code"),
}


def usage() -> str:
    """What the command can do, a line each."""
    rows = [f"  endcap {name:<17} {what}" for name, (_, _, what) in COMMANDS.items()]
    return "\n".join(["usage: endcap COMMAND ...", "", *rows, "", "endcap COMMAND --help says more."])


def main(arguments: list[str] | None = None) -> int:
    """Run a command of the table; 2 where there is none of that name."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] not in COMMANDS:
        print(f"endcap: no command {words[0]!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    module, extra, _ = COMMANDS[words[0]]
    try:
        command = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in ("kiosk", "devices", "mqtt", "content", "fleet"):
            raise
        print(
            f"endcap: {words[0]!r} needs {error.name}; in Endcap's folder: pip install '.[{extra}]'",
            file=sys.stderr,
        )
        return 1
    return int(command.main(words[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
