"""Keeps one peripheral working, in a thread of its own: look, open, turn, and again, for as long as it takes.

What becomes of the device is decided by devices.supervision.lifecycle; here is only what that needs hands for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from devices import registry
from devices.drivers.base import CanArm, CanOffer, CanPrint, CanRemember, Driver
from devices.errors import Busy, DeviceError, Gone, NoPermission, Timeout
from devices.events import DeviceEvent, DeviceState, NotPrinted, Printed, PrinterStatus
from devices.finding.discovery import Place, resolve
from devices.models import Model, Setting
from devices.supervision.lifecycle import STEADY_S, Happening, Life, Step, step
from devices.supervision.loan import Loan
from devices.supervision.opening import THIS_HOST, Host, drive, open_wire, reset_usb
from devices.supervision.report import DeviceReport
from devices.trace import Sink
from devices.transport.recording import RecordingReports, RecordingTransport, recording

log = logging.getLogger(__name__)

TURN_S = 5.0  # longest rest of a driver; stop, arm and print wake it, so a quiet scanner wakes nobody
STOP_S = 2.0  # for a driver to end by itself; then its wire is taken from it
TAKEN_S = 1.0  # for it to end without a wire

Emit = Callable[[DeviceEvent], None]


class Supervisor:
    """One peripheral. `emit` is called from its thread: it must only hand over."""

    def __init__(self, setting: Setting, emit: Emit, host: Host = THIS_HOST) -> None:
        self.setting, self._emit, self._host = setting, emit, host
        self._driver: Driver | None = None
        self._wire: RecordingTransport | None = None
        self._place: Place | None = None
        self._life, self._since, self._ready_at = Life(), time.monotonic(), 0.0
        self._error: tuple[str, str, float] | None = None  # text, remedy, when
        self._armed, self._uri = False, ""
        self._borrower: Emit | None = None
        self._loan_jobs: set[str] = set()
        self._listener: tuple[Sink, bool] | None = None
        self._status: PrinterStatus | None = (
            None  # what the printer said last: news for whoever was not there
        )
        self._telling = threading.Lock()  # to us or to a borrower: what is told last is what is true
        self._memory: object = None  # of the drivers there were
        self._commanding = threading.Lock()  # what a driver is told last is what was said last
        self._stopping = threading.Event()
        self._counters = dict.fromkeys(("opened", "lost", "failed", "events", "resets"), 0)
        self._past: dict[str, int] = {}  # what drivers that are closed have counted
        self._bytes = [0, 0]
        self._heard_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"device-{setting.name}", daemon=True)

    # --- from any thread --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> bool:
        """End; True when the port is free. A driver that hangs is left behind after 3 s, without its wire."""
        self.stopping()
        return self.join(STOP_S)

    def stopping(self) -> None:
        """Begin to end; returns at once."""
        self._stopping.set()
        if (driver := self._driver) is not None:
            driver.wake()
        elif (wire := self._wire) is not None:
            wire.wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; after `timeout_s` the wire is taken from a driver that hangs."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            if (wire := self._wire) is not None:
                log.error("%s: its driver hangs; its wire is closed", self.setting.name)
                wire.close()
            self._thread.join(TAKEN_S)
        return not self._thread.is_alive()

    @property
    def state(self) -> str:
        """absent | opening | ready | lost | failed; "" before the start."""
        return self._life.state

    def arm(self, on: bool) -> None:
        """Have a card reader look for cards, now and after every reconnect."""
        with self._commanding:
            self._armed = on
            driver: object = self._driver
            if isinstance(driver, CanArm) and self._borrower is None:
                driver.arm(on)

    def offer(self, uri: str) -> None:
        """The address a reader gives to phones, now and after every reconnect; "" for none."""
        with self._commanding:
            self._uri = uri
            driver: object = self._driver
            if isinstance(driver, CanOffer) and self._borrower is None:
                driver.offer(uri)

    def print(self, job: str, pieces: Sequence[bytes]) -> None:
        """Print a job; the outcome is an event, at once where there is no printer."""
        if self._borrower is not None or not self._try_print(job, pieces):
            self._emit(NotPrinted(self.setting.name, job, "offline"))

    def listen(self, sink: Sink | None, *, card_numbers: bool = False) -> None:
        """Have everything on the wire told to `sink`, now and after every reconnect; None ends it.

        A card reader's bytes are counted and withheld, unless `card_numbers` asks for them in so many words.
        """
        withhold = self._kind() == "reader" and not card_numbers
        self._listener = None if sink is None else (sink, withhold)
        if (wire := self._wire) is not None:
            wire.listen(sink, withhold=withhold)

    @property
    def listened(self) -> bool:
        """Whether somebody is told what is on the wire."""
        return self._listener is not None

    @property
    def descriptor(self) -> bytes:
        """The report descriptor of a HID device that is open; b"" of any other."""
        wire = self._wire
        return wire.descriptor if isinstance(wire, RecordingReports) else b""

    def lend(self, borrower: Emit) -> Loan | None:
        """Have `borrower` hear and command it instead of us until the loan ends; None where somebody has it already.

        Meanwhile it is absent to us: nothing that is scanned in a test is sold.
        """
        with self._telling:
            if self._borrower is not None:
                return None
            self._borrower = borrower
            self._emit(DeviceState(self.setting.name, "absent", "lent"))
        with self._commanding:  # somebody's basket is not given to whoever tests the reader
            driver: object = self._driver
            if isinstance(driver, CanArm):
                driver.arm(False)
            if isinstance(driver, CanOffer):
                driver.offer("")
        return Loan(self)

    @property
    def name(self) -> str:
        """See Lender."""
        return self.setting.name

    @property
    def driver(self) -> object:
        """See Lender."""
        return self._driver

    def print_for_borrower(self, job: str, pieces: Sequence[bytes]) -> bool:
        """See Lender."""
        self._loan_jobs.add(job)
        if self._try_print(job, pieces):
            return True
        self._loan_jobs.discard(job)
        return False

    def returned(self) -> None:
        """See Lender."""
        with self._telling:
            self._borrower = None
            self._emit(self._state_event())
            if (status := self._status) is not None:
                self._emit(status)
        if (driver := self._driver) is not None:
            self._command(driver)

    def report(self) -> DeviceReport:
        """What is known of it now."""
        now, error, wire = time.monotonic(), self._error, self._wire
        heard = (wire.heard_at if wire is not None else None) or self._heard_at
        setting = self.setting
        model = self._host.known().get(setting.model)
        return DeviceReport(
            name=setting.name,
            model=setting.model,
            kind=model.kind if model else "",
            product=model.product if model else "",
            port=setting.port,
            place=str(self._place or ""),
            state=self._life.told,  # it has failed for an hour, whether or not it is just tried once more
            since_s=now - self._since,
            heard_s=None if heard is None else now - heard,
            error=error[0] if error else "",
            remedy=error[1] if error else "",
            error_s=now - error[2] if error else None,
            lent=self._borrower is not None,
            counters=self.counters(),
        )

    def counters(self) -> dict[str, int]:
        """Its own, its wire's, and what its drivers have counted since the start."""
        driver, wire = self._driver, self._wire
        counted = dict(self._past)
        for name, count in dict(driver.counters()).items() if driver is not None else ():
            counted[name] = counted.get(name, 0) + count
        counted["bytes-in"] = self._bytes[0] + (wire.bytes_in if wire is not None else 0)
        counted["bytes-out"] = self._bytes[1] + (wire.bytes_out if wire is not None else 0)
        return {**counted, **self._counters}

    # --- its thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                model = self._model()
                self._place = place = resolve(self.setting, model, self._host.bus)
            except (
                DeviceError,
                ValueError,
                OSError,
            ) as error:  # several that fit, a setting that cannot work
                self._failed(error)
                continue
            if place is None:
                self._happened(Happening.MISSING)
            else:
                self._happened(Happening.THERE)
                self._serve(model, place)

    def _serve(self, model: Model, place: Place) -> None:
        """Open and turn until something ends it."""
        try:
            self._open(model, place)
            while not self._stopping.is_set():
                assert self._driver is not None
                for event in self._driver.turn(TURN_S):
                    self._hear(event)
        except (
            Exception
        ) as error:  # a fault of ours too: the thread must live, or the device is "ready" for ever
            if not isinstance(error, DeviceError) and (
                self._error is None or self._error[0] != _words(error)
            ):
                log.exception("%s: its driver failed", self.setting.name)  # once: it is tried every 2 s
            self._close()
            self._failed(error)
        finally:
            self._close()

    def _open(self, model: Model, place: Place) -> None:
        self._wire = wire = recording(open_wire(model.wire, place, self._host.backend))
        if self._listener is not None:
            wire.listen(self._listener[0], withhold=self._listener[1])
        if self._stopping.is_set():
            return
        driver = drive(self.setting, model, wire)
        if isinstance(driver, CanRemember):
            if self._memory is not None:
                driver.remember(self._memory)
            self._memory = driver.memory()
        self._driver = driver
        driver.start()
        self._command(driver)
        self._ready_at = time.monotonic()
        self._happened(Happening.OPENED)

    def _command(self, driver: object) -> None:
        """Tell a driver what it has to know: ours to say, unless it is lent."""
        with self._commanding:
            if self._borrower is None:
                if isinstance(driver, CanArm):
                    driver.arm(self._armed)
                if isinstance(driver, CanOffer):
                    driver.offer(self._uri)

    def _close(self) -> None:
        self._status = None
        driver, self._driver = self._driver, None
        wire, self._wire = self._wire, None
        if driver is not None:
            for name, count in driver.counters().items():
                self._past[name] = self._past.get(name, 0) + count
            try:
                for event in driver.close():
                    self._hear(event)
            except Exception:  # its wire is closed below
                log.exception("%s: its driver cannot be closed", self.setting.name)
        if wire is not None:
            self._bytes = [self._bytes[0] + wire.bytes_in, self._bytes[1] + wire.bytes_out]
            self._heard_at = wire.heard_at or self._heard_at
            wire.close()

    def _hear(self, event: DeviceEvent) -> None:
        with self._telling:
            if isinstance(event, Printed | NotPrinted):  # whoever asked is told, lent or not
                borrowed = event.job in self._loan_jobs
                self._loan_jobs.discard(event.job)
                (self._borrower or _nobody if borrowed else self._emit)(event)
            else:
                self._counters["events"] += 1
                if isinstance(event, PrinterStatus):
                    self._status = event
                (self._borrower or self._emit)(event)

    def _failed(self, error: Exception) -> None:
        remedy = error.remedy if isinstance(error, DeviceError) else ""
        self._error = (_words(error), remedy, time.monotonic())
        self._happened(_happening(error))

    def _happened(self, happening: Happening) -> None:
        steady = self.state == "ready" and time.monotonic() - self._ready_at >= STEADY_S
        next_step = step(self._life, happening, steady)
        if next_step.life.state != self._life.state:
            key = "opened" if next_step.life.state == "ready" else next_step.life.state
            if key in self._counters:
                self._counters[key] += 1
        with self._telling:
            self._life = next_step.life
            if next_step.tell:
                self._since = time.monotonic()
                (self._borrower or self._emit)(self._state_event())
        if next_step.reset:
            self._reset()
        self._wait(next_step)

    def _wait(self, next_step: Step) -> None:
        if next_step.pause_s:
            self._stopping.wait(next_step.pause_s)

    def _reset(self) -> None:
        place = self._place
        if place is None:
            return
        try:
            if reset_usb(place, self._host.backend):
                self._counters["resets"] += 1
                log.warning("%s: mute, so it was reset on its bus", self.setting.name)
        except DeviceError as error:
            log.warning("%s: mute, and cannot be reset: %s", self.setting.name, error)

    # --- helpers ----------------------------------------------------------------------------------------------

    def _state_event(self) -> DeviceState:
        text, remedy = ("", "")
        if self.state in ("lost", "failed") and self._error is not None:
            text, remedy, _ = self._error
        return DeviceState(self.setting.name, self.state, text, remedy, self.counters())

    def _try_print(self, job: str, pieces: Sequence[bytes]) -> bool:
        driver: object = self._driver
        return isinstance(driver, CanPrint) and self.state == "ready" and driver.print(job, pieces)

    def _model(self) -> Model:
        return registry.named(self.setting.model, self._host.known())

    def _kind(self) -> str:
        model = self._host.known().get(self.setting.model)
        return model.kind if model else "reader"  # of what nobody knows, nothing is told


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _nobody(event: DeviceEvent) -> None:
    """Whoever asked has gone."""


def _happening(error: Exception) -> Happening:
    if isinstance(error, Gone):
        return Happening.GONE
    if isinstance(error, Timeout):
        return Happening.MUTE
    if isinstance(error, Busy | NoPermission):
        return Happening.BARRED
    return Happening.WRONG
