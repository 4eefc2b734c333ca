"""python -m benchmarks.devices.subject NAME PATH: one way to read a scanner, in a process of its own.

It reads commands on standard input and writes what happens to standard output, a JSON object a line, with
CLOCK_MONOTONIC times, which both processes share.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import serial
from serial.threaded import LineReader, ReaderThread

from devices.errors import DeviceError
from devices.events import DeviceEvent, DeviceState, Scan
from devices.models import Setting
from devices.supervision.manager import Manager
from devices.transport.serial import SerialTransport

LOOK_S = 0.2  # between two looks for a port: the same for both
FOREVER_S = 3600.0


def tell(**what: object) -> None:
    """One line, whole: pipes take up to 4096 bytes at once."""
    os.write(1, json.dumps(what).encode() + b"\n")


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of CPU and of time that a call takes, which may end in an error."""
    begun, since = time.process_time(), time.monotonic()
    with suppress(DeviceError, OSError):
        call()
    return time.process_time() - begun, time.monotonic() - since


class Subject(Protocol):
    """A way to read a scanner."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def write(self, path: str, size: int, deadline_s: float | None) -> tuple[float, float]: ...


class Ours:
    """The manager, as the station runs it."""

    def __init__(self, path: str) -> None:
        self._manager = Manager([Setting("scanner", "line-scanner", path)], self._hear)

    def start(self) -> None:
        self._manager.start()

    def stop(self) -> None:
        self._manager.stop()

    def write(self, path: str, size: int, deadline_s: float | None) -> tuple[float, float]:
        port = SerialTransport(path)
        try:
            return measured(lambda: port.write(bytes(size), deadline_s or FOREVER_S))
        finally:
            port.close()

    def _hear(self, event: DeviceEvent) -> None:
        now = time.monotonic()
        if isinstance(event, Scan):
            tell(scan=event.text, at=now)
        elif isinstance(event, DeviceState) and event.state == "ready":
            tell(ready=now)


class PyserialThread:
    """serial.threaded as its documentation shows it, opened again whenever its thread has ended."""

    def __init__(self, path: str) -> None:
        self._path, self._stopping = path, threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._lost.set()
        self._thread.join()

    def write(self, path: str, size: int, deadline_s: float | None) -> tuple[float, float]:
        with serial.Serial(path, 115200, write_timeout=deadline_s, exclusive=True) as port:
            return measured(lambda: port.write(bytes(size)))

    def _run(self) -> None:
        outer = self

        class Codes(LineReader):
            TERMINATOR = b"\r\n"

            def __init__(self) -> None:
                super().__init__()
                tell(ready=time.monotonic())  # ReaderThread makes it as the first thing its thread does

            def handle_line(self, line: str) -> None:
                tell(scan=line, at=time.monotonic())

            def connection_lost(self, exc: BaseException | None) -> None:
                outer._lost.set()

        while not self._stopping.is_set():
            if not Path(self._path).exists():
                self._stopping.wait(LOOK_S)
                continue
            with suppress(Exception):
                self._serve(Codes)

    def _serve(self, codes: Callable[[], LineReader]) -> None:
        self._lost.clear()
        port = serial.Serial(self._path, 115200, timeout=1, exclusive=True)
        thread = ReaderThread(port, codes)
        thread.start()
        while not self._lost.wait(LOOK_S) and thread.is_alive():
            pass
        if not self._lost.is_set():
            tell(unheard=time.monotonic())  # it has ended and told nobody
        if self._stopping.is_set() and thread.is_alive():
            thread.close()
        with suppress(Exception):
            port.close()


class Bare:
    """The least a Python thread can do, and no reader: waits in read() and takes the time. It shows what the machine itself costs."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        pass  # a thread in read() cannot be told; its process ends

    def write(self, path: str, size: int, deadline_s: float | None) -> tuple[float, float]:
        raise NotImplementedError

    def _run(self) -> None:
        while not Path(self._path).exists():
            time.sleep(0.01)
        port = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        tell(ready=time.monotonic())
        while True:
            data = os.read(port, 4096)
            now = time.monotonic()
            tell(scan=data.decode().strip(), at=now)


SUBJECTS: dict[str, Callable[[str], Subject]] = {"ours": Ours, "pyserial": PyserialThread, "bare": Bare}


class Frame(threading.Thread):
    """A program that draws without a pause: one Python thread that never waits."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            sum(i * i for i in range(2000))


def deadlines(path: str, busy: bool) -> None:
    """How far beyond its deadline each call of our transport comes back while nobody reads, and what that costs."""
    frame = Frame()
    if busy:
        frame.start()
    worst, port = 0.0, SerialTransport(path)
    for deadline_s in (0.01, 0.05, 0.1, 0.3) * 3:
        begun = time.monotonic()
        with suppress(DeviceError):
            port.write(bytes(100_000), deadline_s)
        worst = max(worst, time.monotonic() - begun - deadline_s)
        begun = time.monotonic()
        port.read(deadline_s)
        worst = max(worst, time.monotonic() - begun - deadline_s)
    begun = time.monotonic()
    port.close()
    worst = max(worst, time.monotonic() - begun)
    frame.stopping = True
    tell(overrun=worst)


def main(name: str, path: str) -> None:
    """Obey until standard input ends."""
    subject, frame = SUBJECTS[name](path), Frame()
    for line in sys.stdin:
        command, *words = line.split()
        match command:
            case "start":
                subject.start()
            case "busy":
                if float(words[0]):
                    sys.setswitchinterval(float(words[0]))
                frame.start()
            case "left":
                tell(threads=threading.active_count(), files=len(list(Path("/proc/self/fd").iterdir())))
            case "rest":
                begun = time.process_time()
                time.sleep(float(words[0]))
                tell(cpu=(time.process_time() - begun) / float(words[0]))
            case "write":
                deadline_s = float(words[1]) or None
                cpu_s, took_s = subject.write(path, int(words[0]), deadline_s)
                tell(cpu=cpu_s / took_s, overrun=took_s - (deadline_s or took_s))
            case "deadlines":
                deadlines(path, words[0] == "busy")
            case "stop":
                frame.stopping = True
                subject.stop()
                tell(stopped=time.monotonic())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
