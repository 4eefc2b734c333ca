"""A USB printer out of the kernel's usb_f_printer: what is sent to it goes to a simulator, whose answers go back."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.vm.gadgets import Gadget
from tests.vm.waiting import until

NODE = Path("/dev/g_printer0")
IEEE_1284 = b"MFG:Endcap;MDL:Receipt;CMD:ESC/POS;CLS:PRINTER;"


class Paper:
    """The printer's own end: `answer` gets every piece that arrives and returns what the printer says to it."""

    def __init__(self, gadget: Gadget, answer: Callable[[bytes], bytes]) -> None:
        self.gadget, self._answer = gadget, answer
        self._fd = -1
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def plug(self) -> None:
        """Cable in."""
        self.gadget.plug()
        self._fd = until(f"{NODE}", self._open)
        self._stop.clear()
        self._thread = threading.Thread(target=self._serve, name="printer", daemon=True)
        self._thread.start()

    def _open(self) -> int:
        with suppress(FileNotFoundError, OSError):  # ENODEV until the host has configured it
            return os.open(NODE, os.O_RDWR | os.O_NONBLOCK)
        return 0

    def unplug(self) -> None:
        """Cable out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self.gadget.unplug()

    def say(self, data: bytes) -> None:
        """A status that nobody asked for."""
        if data and self._fd >= 0:
            os.write(self._fd, data)

    def hear(self) -> bytes:
        """Everything goes to the simulator."""
        raise NotImplementedError

    def _serve(self) -> None:
        while not self._stop.is_set():
            ready, _, _ = select.select([self._fd], [], [], 0.05)
            if ready:
                with suppress(BlockingIOError):
                    reply = self._answer(os.read(self._fd, 8192))
                    if reply:
                        os.write(self._fd, reply)
