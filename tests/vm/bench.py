"""The workbench in the guest: it plugs things in and out and plays the far ends, as root; checks order it about by a pipe.

Checks themselves run as an ordinary account, as the kiosk's agent does.
"""

from __future__ import annotations

import shutil
import subprocess
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from tests.vm.devices import Box, HostCall
from tests.vm.packages import ROOT

RULES = Path("/etc/udev/rules.d/99-endcap.rules")


class Bench:
    """Every method may be called from a check; arguments and results go through a pipe."""

    def __init__(self, host: HostCall) -> None:
        self._host = host
        self._box = Box(host)
        self._devices = self._box.devices
        self._daemons: list[subprocess.Popen[bytes]] = []
        self.rules(on=True)

    def plug(self, name: str) -> None:
        """Put a cable in."""
        self._devices[name].plug()

    def unplug(self, name: str) -> None:
        """Pull a cable."""
        self._devices[name].unplug()

    def say(self, name: str, data: bytes) -> None:
        """Have a device send something without being asked."""
        self._devices[name].say(data)

    def cut(self, name: str, data: bytes) -> None:
        """Pull a cable in the middle of what is sent."""
        self._devices[name].say(data)
        self._devices[name].unplug()

    def hear(self, name: str) -> bytes:
        """What was sent to a device since it was last asked."""
        return self._devices[name].hear()

    def play(self, path: str, *arguments: Any) -> Any:
        """Do something to a simulator, or look at it: `acr122.chip.hold`, with a Card; `printer.receipts`."""
        it = attrgetter(path)(self._box)
        return it(*arguments) if callable(it) else it

    def remove_module(self, name: str) -> None:
        """Have the kernel forget a driver that takes a device other programs want."""
        subprocess.run(["modprobe", "-r", name], check=True, capture_output=True)

    def start(self, *command: str) -> int:
        """Start a daemon as root; returns its number for `stop`."""
        self._daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        return len(self._daemons) - 1

    def stop(self, number: int) -> None:
        """End a daemon."""
        self._daemons[number].terminate()
        self._daemons[number].wait(10)

    def rules(self, on: bool) -> None:
        """Our udev rules in force or not; for what is plugged in from now on."""
        if on:
            shutil.copy(ROOT / "systemd" / RULES.name, RULES)
        else:
            RULES.unlink(missing_ok=True)
        subprocess.run(["udevadm", "control", "--reload"], check=True)

    def lock(self, node: str, mode: int = 0o600) -> None:
        """Take a device file from everybody but root."""
        shutil.chown(node, "root", "root")
        Path(node).chmod(mode)

    def udev(self, node: str) -> str:
        """What udev knows of a device file."""
        command = ["udevadm", "info", "--query=property", f"--name={node}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def settle(self) -> None:
        """Wait until udev has done with what it has heard."""
        subprocess.run(["udevadm", "settle", "--timeout=20"], check=True)

    def host(self, **order: Any) -> Any:
        """Ask the machine's other side: it holds what QEMU plugs in."""
        return self._host(order)


def serve(bench: Bench, pipe: Connection) -> None:
    """Do what comes through the pipe, until it is closed."""
    while True:
        try:
            method, arguments, words = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, getattr(bench, method)(*arguments, **words))
        except Exception:  # noqa: BLE001 - whatever it is, the check that asked shows it
            answer = (False, traceback.format_exc())
        pipe.send(answer)


class _Far:
    """A Bench at the other end of a pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any, **words: Any) -> Any:
            self._pipe.send((method, arguments, words))
            good, value = self._pipe.recv()
            if not good:
                raise RuntimeError(f"the bench could not {method}:\n{value}")
            return value

        return call


def far(pipe: Connection) -> Bench:
    """The bench as checks see it."""
    return cast(Bench, _Far(pipe))
