"""A USB interface of any class, played in Python over FunctionFS: the kernel enumerates it, we have its endpoints.

Descriptor and string blocks as in linux/usb/functionfs.h (FUNCTIONFS_DESCRIPTORS_MAGIC_V2).
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.vm.gadgets import Gadget
from tests.vm.waiting import LOOK_S

BULK, INTERRUPT = 2, 3
_DESCRIPTORS, _STRINGS = 3, 2
_FULL, _HIGH = 1, 2  # speeds described
_SETUP = 4  # FUNCTIONFS_SETUP
_SLICE_S = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """An interface: its class, what is put between its descriptor and its endpoints', and those (address, kind, size)."""

    interface_class: int
    ends: tuple[tuple[int, int, int], ...]
    extra: bytes = b""

    def block(self) -> bytes:
        """What ep0 wants to be told first; one interface, for full and for high speed."""
        kinds = [self._descriptors(high=False), self._descriptors(high=True)]
        count = 1 + bool(self.extra) + len(self.ends)
        body = struct.pack("<II", count, count) + b"".join(kinds)
        return struct.pack("<III", _DESCRIPTORS, 12 + len(body), _FULL | _HIGH) + body

    def _descriptors(self, high: bool) -> bytes:
        out = (
            struct.pack("<BBBBBBBBB", 9, 4, 0, 0, len(self.ends), self.interface_class, 0, 0, 1) + self.extra
        )
        for address, kind, size in self.ends:
            packet = 512 if high and kind == BULK else size
            out += struct.pack(
                "<BBBBHB", 7, 5, address, kind, packet, 0 if kind == BULK else (7 if high else 16)
            )
        return out


class Spoken:
    """An interface's own end: what the host sends to its bulk OUT goes to `answer`, whose transfers go to its bulk IN."""

    def __init__(
        self,
        gadget: Gadget,
        shape: Shape,
        answer: Callable[[bytes], list[bytes]],
        power_up: Callable[[], None],
    ) -> None:
        self.gadget, self._shape, self._answer, self._power_up = gadget, shape, answer, power_up
        self._folder = Path("/run/ffs", gadget.name)
        self._ends: list[int] = []  # endpoint 0, then those of the shape
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def plug(self) -> None:
        """Cable in."""
        if not self._ends:  # a gadget is not taken before its function has said what it is
            self._describe()
        self._power_up()
        self.gadget.plug()
        self._stop.clear()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._control, self._talk)]
        for thread in self._threads:
            thread.start()

    def unplug(self) -> None:
        """Cable out."""
        self._stop.set()
        self.gadget.unplug()  # what waits in an endpoint ends with it
        for thread in self._threads:
            thread.join()
        self._threads = []

    def say(self, data: bytes) -> None:
        """A transfer that nobody asked for."""
        os.write(self._end(0x80), data)

    def hear(self) -> bytes:
        """Everything goes to `answer`."""
        raise NotImplementedError

    def _describe(self) -> None:
        """Say to the kernel what it is; before that the gadget has no function to plug in."""
        self._folder.mkdir(parents=True)
        subprocess.run(["mount", "-t", "functionfs", self.gadget.name, self._folder], check=True)
        control = os.open(self._folder / "ep0", os.O_RDWR | os.O_NONBLOCK)
        os.write(control, self._shape.block())
        text = b"\x09\x04" + self.gadget.identity.product.encode() + b"\0"
        os.write(control, struct.pack("<IIII", _STRINGS, 16 + len(text), 1, 1) + text)
        files = [self._folder / f"ep{number + 1}" for number in range(len(self._shape.ends))]
        self._ends = [control, *(os.open(file, os.O_RDWR | os.O_NONBLOCK) for file in files)]

    def _end(self, direction: int) -> int:
        """The bulk endpoint of that direction."""
        for number, (address, kind, _) in enumerate(self._shape.ends):
            if kind == BULK and address & 0x80 == direction:
                return self._ends[number + 1]
        raise ValueError("no such endpoint")

    def _control(self) -> None:
        """Answer class requests to endpoint 0: those that want no data are taken, the others refused."""
        while not self._stop.is_set():
            ready, _, _ = select.select([self._ends[0]], [], [], _SLICE_S)
            with suppress(OSError):
                events = os.read(self._ends[0], 12 * 8) if ready else b""
                for at in range(0, len(events), 12):
                    if events[at + 8] == _SETUP:
                        os.read(
                            self._ends[0], 0
                        )  # for a request that wants data the wrong direction: a stall

    def _talk(self) -> None:
        listen, speak = self._end(0), self._end(0x80)
        while not self._stop.is_set():
            try:
                for transfer in self._answer(os.read(listen, 16384)):
                    os.write(speak, transfer)
            except OSError:  # EAGAIN until the host has configured it, ESHUTDOWN when it goes
                self._stop.wait(LOOK_S)
