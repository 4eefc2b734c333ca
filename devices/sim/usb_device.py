"""What a simulated USB device is made of: descriptors, and a base class that answers the host. `devices.sim.usb_bus` is
the bus it is plugged into.

A device is a subclass of SimUsbDevice: it says what it has (`interfaces`), hears `on_out` and `on_control`, and talks by
`send`. A device that wants something refused raises Stall.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

BULK, INTERRUPT = 2, 3  # bmAttributes: USB 2.0, table 9-13
MOST_PACKETS = 4096  # waiting for the host at one endpoint; more is a fault of the test

GET_DESCRIPTOR = 6
STRING, HID, REPORT = 0x03, 0x21, 0x22  # descriptor types


class Stall(Exception):
    """The device refuses: the host gets errno 32 (EPIPE)."""


class _Bus(Protocol):
    def changed(self, device: SimUsbDevice) -> None:
        """Something was queued or taken."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: `address` with bit 7 set for IN, `kind` BULK or INTERRUPT, `size` is wMaxPacketSize."""

    address: int
    kind: int = BULK
    size: int = 64


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface, one setting. `driver` names the kernel's driver that takes it at the plug ("" for none); `report` is a
    HID report descriptor, `extra` other class descriptors that stand between the interface's and its endpoints'.
    """

    number: int
    cls: int
    endpoints: tuple[Endpoint, ...]
    subclass: int = 0
    protocol: int = 0
    driver: str = ""
    report: bytes = b""
    extra: bytes = b""

    @property
    def extra_descriptors(self) -> bytes:
        """Class descriptors as the configuration carries them: for HID 1.11, section 6.2.1."""
        if not self.report:
            return self.extra
        return struct.pack("<BBHBBBH", 9, HID, 0x0111, 0, 1, REPORT, len(self.report)) + self.extra


class SimUsbDevice:
    """One device. Hooks are called from the host's thread and must not block; `send` and the rest work from any thread."""

    def __init__(
        self,
        vid: int,
        pid: int,
        interfaces: Sequence[Interface],
        *,
        serial: str = "",
        product: str = "",
        manufacturer: str = "",
        release: int = 0x0100,
    ) -> None:
        self.vid, self.pid, self.interfaces, self.release = vid, pid, tuple(interfaces), release
        self.strings = ("", manufacturer, product, serial)  # by index
        self.permitted = True  # False: whoever opens it gets errno 13
        self.halted: set[int] = set()  # endpoints that answer every transfer with a stall
        self.packets: dict[int, deque[bytes]] = {
            end.address: deque() for one in self.interfaces for end in one.endpoints if end.address & 0x80
        }
        self.bus: _Bus | None = None  # while it is plugged

    # What a device overrides.

    def on_out(self, endpoint: int, data: bytes) -> int | None:
        """The host has sent `data` (one transfer, or the rest of one). Returns how many bytes are taken, None for all; the
        rest waits, within the host's deadline, until `hungry`.
        """

    def on_control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        """A control transfer that is not a standard one: `data` of an OUT. Returns the bytes of an IN. Raises Stall."""
        raise Stall

    def on_reset(self) -> None:
        """The host has reset the port."""

    def on_plug(self) -> None:
        """It has power."""

    def on_unplug(self) -> None:
        """It has none; what it had queued is gone."""

    # What a device calls.

    def send(self, endpoint: int, data: bytes, *, zero: bool | None = None) -> None:
        """Queue one transfer for the host at an IN endpoint, in packets. One whose length is a multiple of the packet size is
        followed by an empty packet (`zero`), by default on bulk endpoints: reports on interrupt ones have a known length.
        """
        end = self.endpoint(endpoint)
        queue = self.packets[endpoint]
        pieces = [data[at : at + end.size] for at in range(0, len(data), end.size)]
        if not data or ((zero if zero is not None else end.kind == BULK) and len(data) % end.size == 0):
            pieces.append(b"")
        if len(queue) + len(pieces) > MOST_PACKETS:
            raise OverflowError(f"nobody reads endpoint {endpoint:#x}")
        if self.bus is not None:  # nothing is kept without power
            queue.extend(pieces)
            self.bus.changed(self)

    def hungry(self) -> None:
        """It takes bytes again that `on_out` left waiting."""
        if self.bus is not None:
            self.bus.changed(self)

    def endpoint(self, address: int) -> Endpoint:
        """The endpoint of that address. Raises KeyError."""
        for interface in self.interfaces:
            for end in interface.endpoints:
                if end.address == address:
                    return end
        raise KeyError(f"no endpoint {address:#x}")

    def interface(self, number: int) -> Interface:
        """The interface of that number. Raises KeyError."""
        for interface in self.interfaces:
            if interface.number == number:
                return interface
        raise KeyError(f"no interface {number}")

    # What the bus calls.

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        """Answer a control transfer: strings and report descriptors here, the rest by `on_control`. Raises Stall."""
        if request == GET_DESCRIPTOR and request_type in (0x80, 0x81):
            return self._descriptor(value >> 8, value & 0xFF, index)
        return self.on_control(request_type, request, value, index, data)

    def _descriptor(self, kind: int, number: int, index: int) -> bytes:
        if kind == STRING:
            if not any(self.strings) or number >= len(self.strings):
                raise Stall
            text = self.strings[number].encode("utf-16-le") if number else b"\x09\x04"  # US English alone
            return bytes([len(text) + 2, STRING]) + text
        if kind == REPORT:
            for interface in self.interfaces:
                if interface.number == index and interface.report:
                    return interface.report
        raise Stall
