"""USB by libusb (pyusb): bulk interfaces, and HID where there is no hidraw.

pyusb has no cancel, so a read sleeps in slices of 200 ms and `wake` ends it within one. Endpoints are picked by direction
and type from the descriptors: clones and hubs renumber them. Reads ask for whole packets: a buffer shorter than a packet
loses it (errno 75). A device is found again by what it says of itself at every open, because its address changes.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import usb.core
import usb.util

from devices.errors import DeviceError, Gone, NoPermission, ProtocolError, Timeout, translate

SLICE_S = 0.2  # longest sleep inside libusb
CONTROL_S = 1.0  # for a control transfer while opening
HID_CLASS, BOOT = 0x03, 1
BULK_READ = 16384  # bytes asked for at once, in whole packets
HID_READ = 64  # the longest report of a full-speed device; asked for in packets of its endpoint

SET_REPORT, OUTPUT, FEATURE = 0x09, 2, 3  # HID 1.11, section 7.2.2
GET_DESCRIPTOR, REPORT_DESCRIPTOR = 0x06, 0x22
MOST_DESCRIPTOR = 4096  # the kernel's own limit (HID_MAX_DESCRIPTOR_SIZE)

Device = Any  # usb.core.Device; pyusb has no types
Backend = Any  # usb.backend.IBackend, or devices.sim.usb_bus.SimUsbBus


@dataclass(frozen=True, slots=True)
class UsbPlace:
    """Which device: by vendor and product, then by serial number or by the socket it is in ("1-1.3", as in /sys)."""

    vid: int
    pid: int
    serial: str = ""
    bus_path: str = ""
    interface: int | None = None  # bInterfaceNumber; None is the first that fits

    def __str__(self) -> str:
        serial = f":{self.serial}" if self.serial else ""
        return f"usb:{self.vid:04x}:{self.pid:04x}{serial}" + (
            f" at {self.bus_path}" if self.bus_path else ""
        )


_ERRORS = (usb.core.USBError, ValueError, NotImplementedError)  # NoBackendError is a ValueError


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 is for ever


def _serial(device: Device, what: str) -> str:
    """The serial number, "" for none. Raises DeviceError where it may not be asked."""
    if not device.iSerialNumber:
        return ""
    try:
        # Not device.serial_number: it turns every error, a missing permission too, into "no langid".
        languages = usb.util.get_langids(device)
        text = usb.util.get_string(device, device.iSerialNumber, languages[0]) or "" if languages else ""
        return text.partition("\0")[0].strip()  # as /sys has it: makers fill up with spaces and zeros
    except _ERRORS as error:
        raise translate(error, what) from error


def _bus_path(device: Device) -> str:
    return f"{device.bus}-{'.'.join(map(str, device.port_numbers or ()))}"


def _candidates(place: UsbPlace, backend: Backend) -> Iterator[Device]:
    try:
        found = list(usb.core.find(find_all=True, backend=backend, idVendor=place.vid, idProduct=place.pid))
    except _ERRORS as error:
        raise translate(error, str(place)) from error
    for device in found:
        if not place.bus_path or _bus_path(device) == place.bus_path:
            yield device


class _Claim:
    """One interface of one device, taken from the kernel and claimed; `close` gives it back."""

    def __init__(self, place: UsbPlace, fits: Callable[[Any], bool], backend: Backend) -> None:
        self.what = str(place)
        self._detached, self.number = False, -1
        problem: DeviceError = Gone(f"{self.what}: not there")
        for device in _candidates(place, backend):
            self.device = device
            try:
                if not place.serial or _serial(device, self.what) == place.serial:
                    self._take(place, fits)
                    return
            except (Gone, NoPermission, Timeout) as error:
                # Gone: libusb without udevd goes on listing what was pulled. The others: while asked for its number, and
                # the one that is meant may be the next.
                problem = error
            usb.util.dispose_resources(device)
        raise problem

    def _take(self, place: UsbPlace, fits: Callable[[Any], bool]) -> None:
        try:
            wanted = [one for one in self._configuration() if fits(one)]
            wanted = [one for one in wanted if place.interface in (None, one.bInterfaceNumber)]
            if not wanted:
                raise ProtocolError(f"{self.what}: has no interface of that class")
            self.interface = wanted[0]
            self.number = wanted[0].bInterfaceNumber
            with suppress(NotImplementedError):  # systems whose kernel drivers cannot be taken away
                if self.device.is_kernel_driver_active(self.number):
                    self.device.detach_kernel_driver(self.number)
                    self._detached = True
            usb.util.claim_interface(self.device, self.number)
        except DeviceError:
            self.close()
            raise
        except _ERRORS as error:
            self.close()
            raise translate(error, self.what) from error

    def _configuration(self) -> Any:
        try:
            return self.device.get_active_configuration()
        except usb.core.USBError as error:
            if error.errno is not None:
                raise
            self.device.set_configuration()  # nobody has configured it yet
            return self.device.get_active_configuration()

    def endpoint(self, kind: int, direction: int) -> Any:
        """The first endpoint of that kind and direction, or None."""
        return usb.util.find_descriptor(
            self.interface,
            custom_match=lambda end: (
                usb.util.endpoint_type(end.bmAttributes) == kind
                and usb.util.endpoint_direction(end.bEndpointAddress) == direction
            ),
        )

    def control(
        self, request_type: int, request: int, value: int, index: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        """A control transfer: `data` to send, or how much to read. Raises DeviceError; a stall is a ProtocolError."""
        try:
            answer = self.device.ctrl_transfer(
                request_type, request, value, index, data, _milliseconds(deadline_s)
            )
        except usb.core.USBError as error:
            if error.errno == errno.EPIPE:
                raise ProtocolError(f"{self.what}: refused control request {request:#04x}") from error
            raise translate(error, self.what) from error
        return answer.tobytes() if request_type & 0x80 else b""

    def close(self) -> None:
        """Let go of it; the kernel's driver gets it back."""
        with suppress(*_ERRORS):
            usb.util.release_interface(self.device, self.number)
        if self._detached:
            with suppress(*_ERRORS):
                self.device.attach_kernel_driver(self.number)
        with suppress(*_ERRORS):
            usb.util.dispose_resources(self.device)


class _UsbTransport:
    """What both kinds have in common: a claim, an IN and an OUT endpoint."""

    def __init__(self, claim: _Claim, kind: int, read_size: int) -> None:
        self._claim = claim
        self._in = claim.endpoint(kind, usb.util.ENDPOINT_IN)
        self._out = claim.endpoint(kind, usb.util.ENDPOINT_OUT)
        self._waking = threading.Event()
        self._using = threading.Lock()  # libusb must not be closed under a transfer
        self._closed = False
        self.lost = 0  # packets that did not fit: errno 75
        if self._in is None:
            claim.close()
            raise ProtocolError(f"{claim.what}: has no endpoint to read from")
        packet = self._in.wMaxPacketSize & 0x7FF  # bits 11 and 12 say how many per microframe
        self.in_size = packet * max(1, -(-read_size // max(1, packet)))

    def read(self, timeout_s: float) -> bytes:
        """One transfer, at the latest after `timeout_s`; b"" for nothing or after `wake`. Raises Gone, ProtocolError."""
        with self._using:
            self._open()
            data = self._read(timeout_s)
            self._open()
            return data

    def _open(self) -> None:
        if self._closed:
            raise Gone(f"{self._claim.what}: closed")

    def _read(self, timeout_s: float) -> bytes:
        end = time.monotonic() + timeout_s
        while not self._waking.is_set():
            left = end - time.monotonic()
            try:
                data: bytes = self._in.read(self.in_size, _milliseconds(min(left, SLICE_S))).tobytes()
                if data:
                    return data
            except usb.core.USBTimeoutError:
                pass
            except usb.core.USBError as error:
                if error.errno == errno.EOVERFLOW:
                    self.lost += 1
                else:
                    raise self._after(error, self._in) from error
            if left <= 0:
                return b""
        self._waking.clear()
        return b""

    def wake(self) -> None:
        """End a waiting `read` within 200 ms."""
        self._waking.set()

    def close(self) -> None:
        """Let go of it; a read under way ends within 200 ms with Gone. Twice is once."""
        if not self._closed:
            self._closed = True
            self._waking.set()
            with self._using:
                self._claim.close()

    def reset(self) -> None:
        """Reset the device, as if it had been pulled for a moment. This transport is closed by it."""
        with self._using:
            self._open()
            with suppress(*_ERRORS):  # ENOENT: it is back under another address
                self._claim.device.reset()
        self.close()

    def _send(self, data: bytes, deadline_s: float) -> None:
        with self._using:
            self._open()
            self._send_all(data, deadline_s)

    def _send_all(self, data: bytes, deadline_s: float) -> None:
        end = time.monotonic() + deadline_s
        sent = 0
        while sent < len(data):
            left = end - time.monotonic()
            if left > 0 or not sent:
                with suppress(usb.core.USBTimeoutError):
                    try:
                        sent += self._out.write(data[sent:], _milliseconds(left))
                    except usb.core.USBTimeoutError:
                        raise
                    except usb.core.USBError as error:
                        raise self._after(error, self._out) from error
            if sent < len(data) and time.monotonic() >= end:
                raise Timeout(
                    f"{self._claim.what}: {sent} of {len(data)} bytes went out in {deadline_s:g} s", sent
                )

    def _control(
        self, request_type: int, request: int, value: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        with self._using:
            self._open()
            return self._claim.control(request_type, request, value, self._claim.number, data, deadline_s)

    def _after(self, error: Any, end: Any) -> DeviceError:
        """What a failed transfer means. A stall is cleared: where that works, it is there and refuses."""
        if error.errno != errno.EPIPE:
            return translate(error, self._claim.what)
        try:
            end.clear_halt()
        except _ERRORS as gone:
            return translate(gone, self._claim.what)
        return ProtocolError(f"{self._claim.what}: it refused the transfer (stall)")


class UsbBulkTransport(_UsbTransport):
    """A bulk interface of one class (0x0B CCID, 0x07 printer, 0xFF vendor). Raises Gone, Busy, NoPermission or ProtocolError."""

    def __init__(self, where: UsbPlace, interface_class: int, backend: Backend = None) -> None:
        claim = _Claim(where, lambda one: one.bInterfaceClass == interface_class, backend)
        super().__init__(claim, usb.util.ENDPOINT_TYPE_BULK, BULK_READ)
        if self._out is None:
            self.close()
            raise ProtocolError(f"{where}: has no bulk endpoint to write to")

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`. Raises Timeout (saying how much went out), Gone, ProtocolError for a stall."""
        self._send(data, deadline_s)

    def control(
        self, request_type: int, request: int, value: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        """A class or vendor request to this interface (wIndex is its number): `data` to send, or how much to read."""
        return self._control(request_type, request, value, data, deadline_s)


class UsbHidTransport(_UsbTransport):
    """A HID interface by its interrupt endpoints; reads and writes are as with hidraw. Raises as UsbBulkTransport.

    Of several HID interfaces it takes the first that is no boot keyboard or mouse.
    """

    def __init__(self, where: UsbPlace, backend: Backend = None) -> None:
        try:
            claim = _Claim(
                where,
                lambda one: one.bInterfaceClass == HID_CLASS and one.bInterfaceSubClass != BOOT,
                backend,
            )
        except ProtocolError:
            claim = _Claim(where, lambda one: one.bInterfaceClass == HID_CLASS, backend)
        super().__init__(claim, usb.util.ENDPOINT_TYPE_INTR, HID_READ)
        try:
            self.descriptor = claim.control(
                0x81, GET_DESCRIPTOR, REPORT_DESCRIPTOR << 8, claim.number, MOST_DESCRIPTOR, CONTROL_S
            )
        except DeviceError:
            self.close()
            raise

    def write(self, data: bytes, deadline_s: float) -> None:
        """One output report, its id first (0 where reports have none): to the OUT endpoint, or by SET_REPORT."""
        if self._out is None:
            self._set_report(OUTPUT, data, deadline_s)
        else:
            self._send(data if data[:1] != b"\0" else data[1:], deadline_s)

    def feature(self, data: bytes, deadline_s: float) -> None:
        """One feature report, its id first (0 where reports have none)."""
        self._set_report(FEATURE, data, deadline_s)

    def _set_report(self, kind: int, data: bytes, deadline_s: float) -> None:
        body = data if data[:1] != b"\0" else data[1:]
        self._control(0x21, SET_REPORT, kind << 8 | data[0], body, deadline_s)


def reset_device(where: UsbPlace, backend: Backend = None) -> bool:
    """Reset a device nobody has claimed here, as if it had been pulled for a moment; False where there is none.

    Raises NoPermission, Busy.
    """
    for device in _candidates(where, backend):
        try:
            device.reset()
        except _ERRORS as error:
            failed = translate(error, str(where))
            if not isinstance(failed, Gone):  # Gone: it is back under another address
                raise failed from error
        finally:
            usb.util.dispose_resources(device)
        return True
    return False
