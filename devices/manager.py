"""One supervised thread per peripheral: absent -> opening -> ready -> lost or failed, and again, for as long as it takes.

Reconnecting is polling of the port's path: it costs 2.7 us a look, and needs neither udev nor privileges.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.drivers.base import CanArm, CanPrint, Driver
from devices.errors import DeviceError, Gone
from devices.events import DeviceEvent, DeviceState, NotPrinted, Printed
from devices.models import Setting
from devices.opening import open_device
from devices.registry import UnknownModel

log = logging.getLogger(__name__)

LOOK_S = 0.2  # between two looks for a port that is not there
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0  # between two tries to open one that is
TURN_S = 5.0  # longest rest of a driver; stop, arm and print wake it, so a quiet scanner wakes nobody

Emit = Callable[[DeviceEvent], None]


class Supervisor:
    """Keeps one peripheral working. `emit` is called from its thread: it must only hand over."""

    def __init__(self, setting: Setting, emit: Emit) -> None:
        self.setting, self._emit = setting, emit
        self._driver: Driver | None = None
        self._armed = False
        self._stopping = threading.Event()
        self._state = ""
        self._counters = dict.fromkeys(("opened", "lost", "failed", "events"), 0)
        self._thread = threading.Thread(target=self._run, name=f"device-{setting.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the port is free."""
        self._stopping.set()
        driver = self._driver
        if driver is not None:
            driver.wake()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def state(self) -> str:
        """absent | opening | ready | lost | failed; "" before the start."""
        return self._state

    def arm(self, on: bool) -> None:
        """Have a card reader look for cards, now and after every reconnect."""
        self._armed = on
        driver: object = self._driver
        if isinstance(driver, CanArm):
            driver.arm(on)

    def print(self, job: str, pieces: Sequence[bytes]) -> None:
        """Print a job; the outcome is an event, at once where there is no printer."""
        driver: object = self._driver
        if not (isinstance(driver, CanPrint) and self._state == "ready" and driver.print(job, pieces)):
            self._emit(NotPrinted(self.setting.name, job, "offline"))

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            if not Path(self.setting.port).exists():
                self._become("absent")
                self._stopping.wait(LOOK_S)
                pause = FIRST_PAUSE_S
                continue
            if self._serve():
                pause = FIRST_PAUSE_S
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _serve(self) -> bool:
        """Open and turn until something ends it; whether it was ready in between."""
        self._become("opening")
        ready = False
        try:
            self._driver = driver = open_device(self.setting)
            if isinstance(driver, CanArm):
                driver.arm(self._armed)
            ready = True
            self._become("ready")
            while not self._stopping.is_set():
                for event in driver.turn(TURN_S):
                    self._counters["events"] += not isinstance(event, (Printed, NotPrinted))
                    self._emit(event)
        except (DeviceError, UnknownModel) as error:
            self._close()
            self._become("lost" if isinstance(error, Gone) else "failed", error)
        except Exception as error:  # a fault of ours: the thread must live, or the device is "ready" for ever
            log.exception("%s: its driver failed", self.setting.name)
            self._close()
            self._become("failed", error)
        finally:
            self._close()
        return ready

    def _close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            for event in driver.close():
                self._emit(event)

    def _become(self, state: str, error: Exception | None = None) -> None:
        key = "opened" if state == "ready" else state
        if key in self._counters:
            self._counters[key] += 1
        if state == self._state and error is None:
            return
        # While a device fails again and again, "opening" between two failures is no news.
        if self._state == "failed" and state == "opening":
            return
        told = self._state == state
        self._state = state
        if not told or error is None:
            remedy = error.remedy if isinstance(error, DeviceError) else ""
            self._emit(DeviceState(self.setting.name, state, str(error or ""), remedy, dict(self._counters)))


class Manager:
    """All configured peripherals of a kiosk."""

    def __init__(self, settings: list[Setting], emit: Emit) -> None:
        self.devices = {setting.name: Supervisor(setting, emit) for setting in settings}

    def start(self) -> None:
        """Begin to look for them all."""
        for device in self.devices.values():
            device.start()

    def stop(self) -> None:
        """Let go of them all."""
        for device in self.devices.values():
            device.stop()

    def states(self) -> dict[str, str]:
        """Each device's state by name."""
        return {name: device.state for name, device in self.devices.items()}
