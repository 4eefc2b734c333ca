"""What the kernel says of devices in /sys, and what discovery makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devices.finding.discovery import present
from devices.finding.sysfs import Found
from tests.vm import listing
from tests.vm.bench import Bench
from tests.vm.waiting import until

# What is plugged in, as `slim` tells it. A CDC device has a second interface, for data, that has no node of its own.
KIOSK = {
    "scanner": {("0c2e:0b61", "SIM0001", 2, "tty"), ("0c2e:0b61", "SIM0001", 10, "usb")},
    "hidpos": {("0c2e:0b87", "SIM0002", 3, "hidraw of 8c")},
    "wedge": {("05e0:1200", "", 3, "hidraw of 1"), ("05e0:1200", "", 3, "event of 1, with keys")},
    "printer": {("04b8:0e15", "SIM0004", 7, "usb")},
    "acr122": {("072f:2200", "", 11, "usb")},
    "pn532": {("0403:6001", "SIM0005", 255, "tty")},
}


def slim(found: Found) -> tuple[str, str, int, str]:
    """A Found without what is another at every plug."""
    pages = ",".join(f"{page:x}" for page in found.usage_pages)
    kind = found.kind + (f" of {pages}" if pages else "") + (", with keys" if found.keys else "")
    return (f"{found.vid:04x}:{found.pid:04x}", found.serial, found.interface_class, kind)


@contextmanager
def _all_plugged(bench: Bench) -> Iterator[set[tuple[str, str, int, str]]]:
    for name in KIOSK:
        bench.plug(name)
    try:
        yield set().union(*KIOSK.values())
    finally:
        for name in KIOSK:
            bench.unplug(name)


def _seen() -> set[tuple[str, str, int, str]]:
    return {slim(found) for found in present()}


def _becomes(expected: set[tuple[str, str, int, str]]) -> None:
    with suppress(TimeoutError):
        until("what is expected", lambda: _seen() == expected)
    assert _seen() == expected, f"too much: {_seen() - expected}; not there: {expected - _seen()}"


def discovery_sees_what_is_plugged_in(bench: Bench) -> None:
    """`present` tells each interface and node of everything that is plugged in, nothing else, and forgets what is pulled."""
    assert _seen() == set()
    with _all_plugged(bench) as expected:
        _becomes(expected)
        assert all(Path(found.node).exists() for found in present() if found.node)
        bench.unplug("hidpos")
        _becomes(expected - KIOSK["hidpos"])
    _becomes(set())


def it_is_recorded(bench: Bench) -> None:
    """The same /sys as text lets tests without a machine see the same (tests/data/sysfs)."""
    with _all_plugged(bench) as expected:
        _becomes(expected)
        bench.settle()
        text = listing.record(Path("/sys"))
    bench.host(keep="sysfs.txt", text=text)
    assert "report_descriptor" in text


CHECKS = (discovery_sees_what_is_plugged_in, it_is_recorded)
