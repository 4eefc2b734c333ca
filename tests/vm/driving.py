"""What checks have in common: finding a device as the kiosk does, driving it, and looking at what it raises."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TypeVar

from devices import registry
from devices.drivers.base import Driver
from devices.errors import Gone, NoPermission
from devices.events import DeviceEvent, Scan
from devices.finding.discovery import resolve
from devices.models import Setting
from devices.supervision.opening import open_device
from tests.vm.waiting import until

Raised = TypeVar("Raised", bound=Exception)

KEY = b"sixteen bytes or more"


def node(port: str, model: str = "line-scanner") -> str:
    """The device file of what a setting's `port` means, once it is there and ours to open."""
    it = registry.model(model)

    def look() -> str:
        place = resolve(Setting("it", model, port), it)
        # The kernel makes the file as root's; udev gives it to the group some milliseconds later.
        return place.path if place is not None and os.access(place.path, os.R_OK | os.W_OK) else ""

    return until(f"a node for {port}", look)


@contextmanager
def driven(model: str, port: str) -> Iterator[Driver]:
    """A driver on the device, found and opened as the manager does it: again and again until it is there and ours."""
    setting = Setting("it", model, port, KEY)
    driver = until(f"{model} at {port}", lambda: opened(setting))
    assert driver is not None
    try:
        yield driver
    finally:
        driver.close()


def opened(setting: Setting) -> Driver | None:
    """Its driver; None where it is not there yet, or udev has not given it to us."""
    with suppress(Gone, NoPermission):
        return open_device(setting)
    return None


def events(driver: Driver, enough: Callable[[list[DeviceEvent]], bool]) -> list[DeviceEvent]:
    """What a driver tells, until there is enough of it."""
    told: list[DeviceEvent] = []

    def look() -> bool:
        told.extend(driver.turn(0.2))
        return enough(told)

    until("what the driver should tell", look)
    return told


def scans(driver: Driver, count: int) -> list[tuple[str, str]]:
    """The next scans: AIM identifier and text."""
    told = events(driver, lambda told: len(told) >= count)
    return [(event.aim, event.text) for event in told if isinstance(event, Scan)]


def raises(kind: type[Raised], call: Callable[[], object]) -> Raised:
    """The exception the call raises; anything else fails the check."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"it raised no {kind.__name__}")


def elsewhere(call: Callable[[], object]) -> str:
    """Call in another process; "" where that went well, else the exception's name, and its errno where it is a plain OSError."""
    near, far = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_call, args=(call, far))
    child.start()
    far.close()
    try:
        return str(near.recv())
    finally:
        child.join()


def _call(call: Callable[[], object], pipe: Connection) -> None:
    try:
        call()
        pipe.send("")
    except Exception as error:  # noqa: BLE001 - its name is the result
        name = type(error).__name__
        pipe.send(f"OSError {error.errno}" if type(error) is OSError else name)
