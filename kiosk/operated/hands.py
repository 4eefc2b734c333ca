"""What a command has done to the machine, each in a thread that may wait: pictures, logs, restarts, a self-test.

Every job returns an Outcome and raises nothing; what it waits for has a deadline.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.link.link import AgentEnd, MemoryAgentEnd
from kiosk.operated import logs
from mqtt.commands import State

SYSTEMD: Final = Path("/run/systemd/system")  # there where systemd is the init: sd_booted(3)
CAN_REBOOT: Final = (
    "busctl", "call", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "CanReboot",
)  # fmt: skip
REBOOT: Final = ("systemctl", "reboot")
PICTURE_S: Final = 15.0
SCREEN_S: Final = 60.0  # for a screen to come back
GONE_S: Final = 120.0  # a machine that was told to start again and is still here after that does not
ASK_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: `state` done, failed, or refused where it was not begun, `reason` a key, `detail` for people, and what came of it."""

    state: State
    reason: str = ""
    detail: str = ""
    media: str = ""
    data: bytes = b""


class Hands:
    """The machine. `leave` ends this program so that it is started again; None where nobody would start it."""

    def __init__(
        self,
        link: AgentEnd,
        leave: Callable[[], None] | None,
        *,
        systemd: Path = SYSTEMD,
        can_reboot: Sequence[str] = CAN_REBOOT,
        reboot: Sequence[str] = REBOOT,
    ) -> None:
        self._link, self.leave = link, leave
        self._systemd, self._can_reboot, self._reboot = systemd, can_reboot, reboot
        self._closed = threading.Event()
        self._reboot_off = "not-available"

    def look(self) -> None:
        """Find out what this machine lets us do; asks the bus, so not for the owner's thread."""
        self._reboot_off = self._why_no_reboot()

    def cannot(self) -> dict[str, str]:
        """What cannot be done here -> why (a key): nobody-restarts | not-available | not-permitted."""
        off = {"reboot": self._reboot_off} if self._reboot_off else {}
        if self.leave is None:
            off["restart-agent"] = "nobody-restarts"
            if isinstance(self._link, MemoryAgentEnd):  # screen and agent are one process
                off["restart-ui"] = "nobody-restarts"
        return off

    def close(self) -> None:
        """Let jobs that wait end."""
        self._closed.set()

    def _why_no_reboot(self) -> str:
        if not self._systemd.is_dir() or shutil.which(self._can_reboot[0]) is None:
            return "not-available"
        try:
            said = subprocess.run([*self._can_reboot], capture_output=True, timeout=ASK_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return "not-available"
        return "" if b'"yes"' in said.stdout else "not-permitted"

    # --- jobs -------------------------------------------------------------------------------------------------

    def screenshot(self) -> Outcome:
        """What is on the glass, as WebP."""
        come, said = threading.Event(), list[tuple[bytes, str]]()

        def answer(webp: bytes, why: str) -> None:
            said.append((webp, why))
            come.set()

        self._link.picture(answer)
        come.wait(PICTURE_S)
        webp, why = said[0] if said else (b"", "no-answer")
        if why or not webp:
            return Outcome("failed", why or "no-picture")
        return Outcome("done", media="image/webp", data=webp)

    def restart_ui(self) -> Outcome:
        """Done when a screen has connected anew."""
        before = self._link.counters().get("connected", 0)
        if not self._link.restart_screens():
            return Outcome("failed", "no-screen")
        waited = 0.0
        while waited < SCREEN_S and not self._closed.wait(0.1):
            waited += 0.1
            if self._link.counters().get("connected", 0) > before:
                return Outcome("done")
        return Outcome("failed", "no-screen", "the screen was told to end and has not come back")

    def collect_logs(self, minutes: int) -> Outcome:
        """The log, scrubbed and packed."""
        journal = logs.JOURNAL if self._systemd.is_dir() else None
        return Outcome("done", media="application/gzip", data=logs.collected(minutes, journal))

    def reboot(self) -> Outcome:
        """Does not return where it works."""
        try:
            done = subprocess.run([*self._reboot], capture_output=True, timeout=ASK_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Outcome("failed", "not-available", str(error)[:200])
        if done.returncode:
            why = done.stderr.decode("utf-8", "replace").strip()[:200]
            return Outcome("failed", "not-permitted", why)
        self._closed.wait(GONE_S)
        return Outcome("failed", "still-here", f"the machine has not gone down in {GONE_S:g} s")


def watched() -> bool:
    """Whether somebody starts this process again when it ends: systemd (systemd.exec(5), INVOCATION_ID), or who says so."""
    return bool(os.environ.get("INVOCATION_ID") or os.environ.get("ENDCAP_RESTARTED_BY"))
