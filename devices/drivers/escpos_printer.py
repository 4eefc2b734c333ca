"""ESC/POS receipt printers: a job is on paper once, or it is said why not; a printer that does not read blocks nobody.

What to send and what to believe is decided in protocol.escpos_job; here are the line, the clock and the deadlines.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from devices.errors import Timeout
from devices.events import DeviceEvent, NotPrinted, Printed, PrinterStatus
from devices.protocol import escpos
from devices.protocol.escpos_job import PrintSession
from devices.protocol.escpos_status import Status
from devices.protocol.escpos_terms import MOST_JOBS, STATUS, Abilities, Finished, Happening
from devices.transport.base import Transport

log = logging.getLogger(__name__)

SLICE_S = 0.1  # a write that is not taken by then is left for the next turn: what the printer says meanwhile is read
START_S = 4.0  # for the first whole status; a question hidden by other data is asked again within it


@runtime_checkable
class UsbPort(Protocol):
    """A line that is a USB printer interface (class 7)."""

    def control(
        self, request_type: int, request: int, value: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        """A class request to it."""


def port_status(byte: int) -> Status:
    """What GET_PORT_STATUS says (USB printer class 1.1, section 4.2.2): paper empty, selected, no error."""
    return Status(no_paper=bool(byte & 0x20), offline=not byte & 0x10 or not byte & 0x08)


class EscPosPrinter:
    """Prints jobs one after the other and tells what the printer is like.

    `notes` is a file where the driver writes down that a receipt is under way, so that what an unplug or a power cut left in
    the printer is parted from the next receipt; None keeps nothing.
    """

    def __init__(
        self, name: str, transport: Transport, can: Abilities | None = None, notes: Path | None = None
    ) -> None:
        self._name, self._transport, self._notes = name, transport, notes
        self._noted = _read(notes)
        self._can = can or Abilities()
        self._session = PrintSession(self._can, _mark, self._noted)
        self._lock = threading.Lock()  # over what other threads hand in
        self._handed: list[tuple[str, Sequence[bytes]]] = []
        self._asides: list[bytes] = []
        self._closed = False
        self._waiting = 0
        self._watched = True
        self._early: list[DeviceEvent] = []  # told while it was started

    def start(self) -> None:
        """Ask how it is; a printer that does not answer is not one."""
        self._transport.read(0)  # what came unasked is not an answer
        end = time.monotonic() + START_S
        while not self._session.known:
            self._early += self._exchange(0.1)
            if not self._session.mute and time.monotonic() < end:
                continue
            if not self._can.answers or not isinstance(self._transport, UsbPort):
                raise Timeout(f"{self._name}: no answer to DLE EOT")
            # Cheap USB printers have no bulk-in worth the name; their port at least knows whether there is paper.
            log.warning("%s answers nothing: only its USB port's own status is known", self._name)
            self._can = replace(self._can, answers=False, confirm=(STATUS,))
            self._session = PrintSession(self._can, _mark, self._noted)
            end = time.monotonic() + START_S

    def print(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Queue a job of whole commands; the last piece makes it good and cuts it off. From any thread.

        False where too many jobs wait already, or the printer was let go of meanwhile.
        """
        with self._lock:
            if self._closed or not pieces or self._waiting + len(self._handed) >= MOST_JOBS:
                return False
            self._handed.append((job, pieces))
        self._transport.wake()
        return True

    def kick(self, pin: int = 2) -> None:
        """Open the cash drawer when no receipt is being printed. From any thread."""
        self._aside(escpos.kick(pin))

    def signal(self, good: bool) -> None:
        """See CanSignal: a printer can only say that something is wrong."""
        if not good:
            self._aside(escpos.BEEP)

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Do what is due, or wait for the printer to say something."""
        if self._early:
            early, self._early = self._early, []
            return early
        self._take_over()
        out = self._exchange(timeout_s)
        if self._session.mute and not out:
            raise Timeout(f"{self._name}: it answers no more")
        return out

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return self._session.counts()

    def close(self) -> list[DeviceEvent]:
        """A job that is being printed is lost, or unsure; those that wait are lost. All are said to be."""
        with self._lock:
            self._closed = True
            handed, self._handed = self._handed, []
        out = self._told(self._session.lost())
        out += [NotPrinted(self._name, job, "lost") for job, _ in handed]
        with suppress(OSError):
            self._note()
        self._transport.close()
        return out

    # --- the line ---------------------------------------------------------------------------------------------

    def _exchange(self, timeout_s: float) -> list[DeviceEvent]:
        session = self._session
        happened = session.turn(time.monotonic())
        if session.wants_status and isinstance(self._transport, UsbPort):
            byte = self._transport.control(0xA1, 1, 0, 1, SLICE_S)[:1]
            happened += session.tell(port_status(byte[0] if byte else 0), time.monotonic())
        self._write()
        if not happened:
            data = self._transport.read(min(timeout_s, session.wait_s(time.monotonic())))
            now = time.monotonic()
            happened = session.feed(data, now) if data else session.turn(now)
            self._write()
        self._note()
        self._warn()
        return self._told(happened)

    def _warn(self) -> None:
        if self._watched and not self._session.watched:
            log.warning(
                "%s takes no more questions: should it not come to itself, switch it off and on", self._name
            )
        self._watched = self._session.watched

    def _write(self) -> None:
        """Write what is due until it is out, or the printer does not take it: the rest is for the next turn."""
        while data := self._session.outgoing():
            self._note()
            try:
                self._transport.write(data, SLICE_S)
            except Timeout as error:
                self._session.sent(error.sent, time.monotonic())
                return
            self._session.sent(len(data), time.monotonic())

    def _take_over(self) -> None:
        with self._lock:
            handed, self._handed = self._handed, []
            asides, self._asides = self._asides, []
            self._waiting = self._session.waiting + len(handed)
        for job, pieces in handed:
            self._session.print(job, pieces)
        for command in asides:
            self._session.aside(command)

    def _aside(self, command: bytes) -> None:
        with self._lock:
            if len(self._asides) < MOST_JOBS:
                self._asides.append(command)
        self._transport.wake()

    def _told(self, happened: list[Happening]) -> list[DeviceEvent]:
        out: list[DeviceEvent] = []
        for one in happened:
            if not isinstance(one, Finished):
                out.append(PrinterStatus(self._name, one.status.name()))
            elif one.reason:
                out.append(NotPrinted(self._name, one.job, one.reason))
            else:
                out.append(Printed(self._name, one.job))
        return out

    def _note(self) -> None:
        """Before a byte goes out that the note is about."""
        residue = self._session.residue
        if residue == self._noted:
            return
        self._noted = residue
        if self._notes is not None:
            _write(self._notes, residue)


def _mark() -> bytes:
    return bytes(secrets.choice(escpos.MARKS) for _ in range(4))


def _read(notes: Path | None) -> str:
    if notes is None:
        return ""
    try:
        text = notes.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        log.exception("%s cannot be read: what the printer holds is taken for half a receipt", notes)
        return "void"
    return text if text in ("", "void", "cut") else "void"


def _write(notes: Path, residue: str) -> None:
    try:
        fresh = notes.with_name(notes.name + ".new")
        with fresh.open("w") as file:
            file.write(residue + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(notes)
    except OSError:
        log.exception("%s cannot be written", notes)
