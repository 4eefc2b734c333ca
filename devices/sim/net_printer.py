"""A receipt printer on the network: port 9100 of loopback, one caller at a time, its works those of `escpos_machine`."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress

from devices.sim.escpos_machine import Condition, Firmware, Machine


class SimNetPrinter:
    """Listens on a free `port` of 127.0.0.1. Whoever calls while it is busy waits, as with a real one."""

    def __init__(self, firmware: Firmware | None = None) -> None:
        self.machine = Machine(time.monotonic, firmware or Firmware())
        self.reads = True  # False: it takes nothing more, and the line fills up
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._caller: socket.socket | None = None
        self._wake_out, self._wake_in = socket.socketpair()
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="net-printer", daemon=True)
        self._thread.start()

    def be(self, condition: Condition) -> None:
        """Somebody did something to it."""
        with self._lock:
            self.machine.condition = condition
            self._say(self.machine.run())

    def close(self) -> None:
        """Pull the plug for good."""
        self._stopping = True
        self._wake_in.send(b"!")
        self._thread.join()
        for end in (self._listener, self._caller, self._wake_in, self._wake_out):
            if end is not None:
                end.close()

    def _serve(self) -> None:
        while not self._stopping:
            waits = [self._wake_out, self._caller or self._listener]
            if self._caller is not None and not self.reads:
                waits = [self._wake_out]
            ready, _, _ = select.select(waits, [], [], 0.05 if not self.reads else None)
            if self._wake_out in ready:
                self._wake_out.recv(64)
            elif self._listener in ready:
                self._caller, _ = self._listener.accept()
            elif ready:
                self._hear()

    def _hear(self) -> None:
        assert self._caller is not None
        try:
            data = self._caller.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._caller.close()
            self._caller = None
            return
        with self._lock:
            self._say(self.machine.hear(data))

    def _say(self, said: bytes) -> None:
        if said and self._caller is not None:
            with suppress(OSError):
                self._caller.sendall(said)
