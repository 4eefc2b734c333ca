"""Scanners on cdc_acm: the kernel's driver for "virtual COM ports"."""

from __future__ import annotations

from pathlib import Path

from devices.drivers.base import Driver
from devices.events import DeviceEvent, Scan
from devices.models import Setting
from devices.opening import open_device
from tests.vm.bench import Bench
from tests.vm.waiting import until


def _node() -> Path | None:
    return next(iter(Path("/dev/endcap").glob("*")), None)


def _scans(driver: Driver, count: int) -> list[str]:
    events: list[DeviceEvent] = []

    def enough() -> bool:
        events.extend(driver.turn(0.2))
        return len(events) >= count

    until(f"{count} scans", enough)
    return [event.text for event in events if isinstance(event, Scan)]


def a_scan_arrives(bench: Bench) -> None:
    """What the device sends is a Scan event, GS and all."""
    bench.rules(on=True)
    bench.plug("scanner")
    port = until("a link in /dev/endcap", _node)
    driver = open_device(Setting("scanner", "line-scanner", str(port)))
    try:
        bench.say("scanner", b"]C10109521100100410\x1d10ABC\r\n")
        assert _scans(driver, 1) == ["0109521100100410\x1d10ABC"]
    finally:
        driver.close()
        bench.unplug("scanner")


CHECKS = (a_scan_arrives,)
