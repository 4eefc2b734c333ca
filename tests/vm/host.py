"""The host's side of a run: boots the machine, answers the guest, keeps its results."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devices.sim.pn532_chip import SimPn532
from devices.sim.tags import Card
from tests.vm.machine import Machine, Message
from tests.vm.packages import CACHE, parts
from tests.vm.waiting import until

BOOT_S = 240.0  # 15 s where nothing else runs, minutes where a whole test suite does
CHECK_S = 75.0  # a little more than the guest allows itself


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check: passed | failed | skipped, and why."""

    outcome: str
    text: str
    seconds: float


class Stage:
    """A boot that runs the checks `names`, in their order. Raises CannotRun where this machine cannot."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._results: dict[str, Result] = {}
        self._news = threading.Condition()
        self._last = time.monotonic() + BOOT_S - CHECK_S  # when the guest was last heard
        self._scratch = tempfile.TemporaryDirectory(
            prefix="endcap-vm-"
        )  # short: names of sockets have 108 bytes
        try:
            found, folder = parts(), Path(self._scratch.name)
            self.chip = SimPn532(folder / "pn532")
            # QEMU's USB serial adapter is an FTDI; what stands behind it is our chip, on a pseudo-terminal.
            self._machine = Machine(
                found, folder, self._hear, "-chardev", f"serial,id=pn532,path={folder / 'pn532'}"
            )
        except BaseException:
            self._scratch.cleanup()
            raise

    def result(self, name: str) -> Result:
        """What came of a check, once the guest has got that far."""
        with self._news:
            while name not in self._results:
                if not self._machine.running or time.monotonic() > self._last + CHECK_S:
                    return Result(
                        "failed", f"the machine ended, or is silent; its console:\n{self.console()}", 0.0
                    )
                self._news.wait(0.5)
            return self._results[name]

    def console(self) -> str:
        """The last of what the kernel and the guest's programs printed."""
        return self._machine.console.read_text(errors="replace")[-4000:]

    def close(self) -> None:
        """Switch it off."""
        self._machine.close()
        shutil.copy(self._machine.console, CACHE)
        self.chip.close()
        self._scratch.cleanup()

    def _pn532(self, action: str, uid: str = "") -> None:
        match action:
            case "plug":
                until("the port free again", self._plug_pn532)
            case "unplug":
                self._machine.order("device_del", id="pn532")
            case "tap":
                self.chip.core.hold(Card(bytes.fromhex(uid)))
            case "take away":
                self.chip.core.take_away()
            case _:
                raise ValueError(f"a PN532 cannot {action}")

    def _plug_pn532(self) -> bool:
        with suppress(RuntimeError):  # QEMU frees the port a moment after device_del
            self._machine.order(
                "device_add",
                driver="usb-serial",
                id="pn532",
                chardev="pn532",
                bus="xhci.0",
                port="1",
                serial="SIM0005",
            )
            return True
        return False

    def _hear(self, message: Message) -> Message:
        with self._news:
            self._last = time.monotonic()
        try:
            return {"answer": self._answer(message)}
        except Exception as error:  # noqa: BLE001 - the guest's check fails with it, and the line lives
            return {"error": f"{type(error).__name__}: {error}"}

    def _answer(self, message: Message) -> object:
        match message:
            case {"hello": _}:
                return self._names
            case {"result": name, "outcome": outcome, "text": text, "seconds": seconds}:
                with self._news:
                    self._results[name] = Result(outcome, text, seconds)
                    self._news.notify_all()
                return None
            case {"do": action, "device": "pn532", **words}:
                self._pn532(action, **words)
                return None
            case {"keep": name, "text": text}:
                (CACHE / name).write_text(text)
                return None
            case {"bye": _}:
                return None
        raise ValueError(f"the guest says {message!r}")
