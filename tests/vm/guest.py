"""The guest's main program: makes the machine ready as root, then runs the checks as the kiosk's account.

    python -m tests.vm.guest        (by init.sh, in the virtual machine and nowhere else)

Every line it writes to the second serial port is a JSON object, and is answered with one: `hello` with the names of
the checks to run, `result` and `do` (something only the host can do) with what came of it.
"""

from __future__ import annotations

import grp
import json
import multiprocessing
import os
import pwd
import signal
import subprocess
import sys
import time
import traceback
import tty
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.vm.bench import Bench, far, serve
from tests.vm.checks import Missing, all_checks
from tests.vm.packages import CACHE
from tests.vm.waiting import until

ACCOUNT, GROUPS = "endcap", ("dialout", "plugdev")  # as systemd/endcap-agent.service has them
MODULES = ("configfs", "libcomposite", "dummy_hcd", "evdev", "xhci_pci")
UDEVD = ("/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-udevd")
CHECK_S = 60


class Host:
    """The line to the host."""

    def __init__(self) -> None:
        self._line = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)

    def ask(self, message: dict[str, Any]) -> Any:
        """Say something and return the answer. Raises RuntimeError where the host could not."""
        os.write(self._line, json.dumps(message).encode() + b"\n")
        answer = bytearray()
        while not answer.endswith(b"\n"):
            answer += os.read(self._line, 4096)
        value = json.loads(answer)
        if "error" in value:
            raise RuntimeError(f"the host: {value['error']}")
        return value.get("answer")


def make_ready() -> None:
    """Account, device files, udev."""
    with Path("/etc/passwd").open("a") as file:
        file.write(f"{ACCOUNT}:x:990:990::/tmp:/bin/sh\n")
    groups = Path("/etc/group").read_text().splitlines()
    for name in GROUPS:
        if not any(line.startswith(f"{name}:") for line in groups):
            groups.append(f"{name}:x:{900 + len(groups)}:")
    groups = [
        f"{line}{'' if line.endswith(':') else ','}{ACCOUNT}" if line.split(":")[0] in GROUPS else line
        for line in groups
    ]
    Path("/etc/group").write_text("\n".join([*groups, f"{ACCOUNT}:x:990:", ""]))
    _let_through(Path(sys.executable), Path(sys.executable).resolve(), CACHE / "python", *map(Path, sys.path))
    Path("/etc/udev/rules.d").mkdir(parents=True, exist_ok=True)
    subprocess.run([next(it for it in UDEVD if Path(it).exists()), "--daemon"], check=True)
    subprocess.run(["modprobe", "-a", *MODULES[:2], *MODULES[3:]], check=True)
    subprocess.run(["modprobe", "dummy_hcd", "num=6"], check=True)
    config = Path("/sys/kernel/config")
    if not (config / "usb_gadget").exists():
        subprocess.run(["mount", "-t", "configfs", "configfs", config], check=True)
    until("gadgets in configfs", (config / "usb_gadget").exists)


def _let_through(*places: Path) -> None:
    """Let an ordinary account read the interpreter and this project, wherever they lie; in the guest's own layer only."""
    for place in places:
        for folder in place.parents:
            if folder.exists() and folder.stat().st_mode & 0o5 != 0o5:
                folder.chmod(folder.stat().st_mode | 0o5)


def run_checks(names: list[str], pipe: Connection) -> None:
    """In a process of its own: become the kiosk's account and run them one after the other."""
    it = pwd.getpwnam(ACCOUNT)
    os.setgroups([grp.getgrnam(name).gr_gid for name in GROUPS])
    os.setgid(it.pw_gid)
    os.setuid(it.pw_uid)
    signal.signal(signal.SIGALRM, _too_long)
    bench = far(pipe)
    checks = all_checks()
    for name in names:
        began = time.monotonic()
        outcome, text = "passed", ""
        signal.alarm(CHECK_S)
        try:
            checks[name](bench)
        except Missing as missing:
            outcome, text = "skipped", str(missing)
        except Exception:  # noqa: BLE001 - a check that fails is a result
            outcome, text = "failed", traceback.format_exc()
        signal.alarm(0)
        bench.host(result=name, outcome=outcome, text=text, seconds=round(time.monotonic() - began, 2))


def _too_long(*_: object) -> None:
    raise TimeoutError(f"this check takes more than {CHECK_S} s")


def main() -> None:
    """Make ready, then check what the host wants checked."""
    host = Host()
    began = time.monotonic()
    make_ready()
    names = host.ask(
        {"hello": Path("/proc/sys/kernel/osrelease").read_text().strip(), "ready_s": time.monotonic() - began}
    )
    bench = Bench(host.ask)
    near, distant = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(names, near, distant))
    child.start()
    distant.close()
    serve(bench, near)
    child.join()
    host.ask({"bye": child.exitcode})


def _child(names: list[str], near: Connection, pipe: Connection) -> None:
    near.close()
    run_checks(names, pipe)


if __name__ == "__main__":
    main()
