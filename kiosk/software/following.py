"""A screen runs from the side the agent was started from: when that changes, it ends to be started again from there.

It looks at a link, and asks nobody: old and new programs need not understand each other for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.software.launch import leads

LOOK_S: Final = 1.0


class Follower:
    """The thread that looks. `changed` is called once, from there."""

    def __init__(self, folder: Path, side: str, changed: Callable[[], None], look_s: float = LOOK_S) -> None:
        """`side`: where the link led as this program was started."""
        self._folder, self._side, self._changed, self._look_s = folder, side, changed, look_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._look_s):
            if leads(self._folder) != self._side:
                self._changed()
                return


def follower(changed: Callable[[], None]) -> Follower | None:
    """For a screen that the launcher started; None for any other."""
    folder = os.environ.get("ENDCAP_SOFTWARE")
    return Follower(Path(folder), os.environ.get("ENDCAP_LINK", ""), changed) if folder else None
