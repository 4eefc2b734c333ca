"""What hangs on a simulated USB bus (devices.sim.usb_bus), in the words of /sys: where a supervisor looks for its device.

It asks pyusb, so libusb would do as well; but that opens every device for its strings, and knows of no nodes: only Bulk and Hid
wires are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import usb.core
import usb.util

from devices.errors import translate
from devices.finding.sysfs import Found, usage_pages

_HID, _GET_DESCRIPTOR, _REPORT, _MOST = 0x03, 0x06, 0x22, 4096
_ERRORS = (usb.core.USBError, ValueError, NotImplementedError)


class LibusbBus:
    """A bus (devices.finding.discovery.Bus) behind pyusb and its `backend`."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def present(self) -> list[Found]:
        """One record per interface, in the order of the slots. Raises DeviceError."""
        try:
            devices = list(usb.core.find(find_all=True, backend=self._backend))
        except _ERRORS as error:
            raise translate(error, "libusb") from error
        found = [one for device in devices for one in _interfaces(device)]
        return sorted(found, key=lambda one: (one.bus_path, one.interface))


def _interfaces(device: Any) -> Iterator[Found]:
    slot = f"{device.bus}-{'.'.join(map(str, device.port_numbers or ()))}"
    with suppress(*_ERRORS):  # pulled while we look
        words = [
            _string(device, index) for index in (device.iSerialNumber, device.iManufacturer, device.iProduct)
        ]
        for interface in device.get_active_configuration():
            pages = _pages(device, interface.bInterfaceNumber) if interface.bInterfaceClass == _HID else ()
            yield Found(
                vid=device.idVendor,
                pid=device.idProduct,
                serial=words[0],
                bus_path=slot,
                interface=f"1.{interface.bInterfaceNumber}",
                interface_class=interface.bInterfaceClass,
                usage_pages=pages,
                product=" ".join(filter(None, words[1:])),
            )
    with suppress(*_ERRORS):
        usb.util.dispose_resources(device)


def _string(device: Any, index: int) -> str:
    with suppress(*_ERRORS):
        return str(usb.util.get_string(device, index) or "") if index else ""
    return ""  # this account may not ask


def _pages(device: Any, number: int) -> tuple[int, ...]:
    with suppress(*_ERRORS):
        answer = device.ctrl_transfer(0x81, _GET_DESCRIPTOR, _REPORT << 8, number, _MOST, 1000)
        return usage_pages(answer.tobytes())
    return ()
