"""Whatever the kernel, pyserial or pyusb say: five families leave, and each is a builtin as well."""

from __future__ import annotations

import errno
import os
import socket
import termios
from collections.abc import Callable

import pytest
import serial
import usb.core
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import Busy, DeviceError, Gone, NoPermission, ProtocolError, Timeout, translate

FAMILIES = {Gone, Busy, NoPermission, Timeout, ProtocolError}
NUMBERS = sorted(errno.errorcode)


@pytest.mark.parametrize(
    ("family", "builtin"),
    [
        (Gone, ConnectionError),
        (Busy, OSError),
        (NoPermission, PermissionError),
        (Timeout, TimeoutError),
        (ProtocolError, ValueError),
    ],
)
def test_each_is_the_builtin_a_caller_expects_and_has_a_remedy(
    family: type[DeviceError], builtin: type[Exception]
) -> None:
    with pytest.raises(builtin) as caught:
        raise family("why")
    assert isinstance(caught.value, DeviceError)
    assert str(caught.value) == "why"
    assert caught.value.remedy.endswith(".")


MAKERS: dict[str, Callable[[int], Exception]] = {
    "kernel": lambda number: OSError(number, os.strerror(number)),
    "pyserial": lambda number: serial.SerialException(number, os.strerror(number)),
    "pyusb": lambda number: usb.core.USBError(os.strerror(number), -1, number),
    "termios": lambda number: termios.error(number, os.strerror(number)),
}


@given(st.sampled_from(sorted(MAKERS)), st.sampled_from(NUMBERS) | st.integers(1, 4096))
def test_only_the_five_families_leave_whatever_the_number(maker: str, number: int) -> None:
    found = translate(MAKERS[maker](number), "/dev/x")
    assert type(found) in FAMILIES
    assert str(found).startswith("/dev/x: ")
    assert found.errno == number
    assert translate(found, "again") is found


@given(st.sampled_from(NUMBERS))
def test_all_libraries_agree_on_a_number(number: int) -> None:
    assert len({type(translate(make(number), "")) for make in MAKERS.values()}) == 1


UNPLUGGED = [
    serial.SerialException("device reports readiness to read but returned no data"),
    serial.SerialException("write failed: [Errno 5] Input/output error"),
    serial.SerialException("Could not configure port: (5, 'Input/output error')"),
    serial.PortNotOpenError(),
    OSError(errno.EIO, "Input/output error"),
    OSError(errno.ENODEV, "No such device"),
    OSError(errno.ENXIO, "No such device or address"),
    OSError(errno.EPIPE, "Broken pipe"),
    termios.error(errno.EIO, "Input/output error"),
    termios.error(),
    TypeError("'NoneType' object cannot be interpreted as an integer"),
    ValueError("file descriptor cannot be a negative integer (-1)"),
    AttributeError("'NoneType' object has no attribute 'read'"),
    usb.core.USBError("Input/Output Error", -1, errno.EIO),
    usb.core.USBError("No such device (it may have been disconnected)", -4, errno.ENODEV),
    usb.core.USBError("Pipe error", -9, errno.EPIPE),
    usb.core.USBError("Other error"),
    socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
]


@pytest.mark.parametrize("error", UNPLUGGED, ids=repr)
def test_an_unplug_is_gone_in_whatever_words(error: Exception) -> None:
    assert type(translate(error, "x")) is Gone


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (serial.SerialTimeoutException("Write timeout"), Timeout),
        (usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT), Timeout),
        (usb.core.USBTimeoutError("Operation timed out"), Timeout),
        (TimeoutError("timed out"), Timeout),
        (serial.SerialException(errno.EAGAIN, "Could not exclusively lock port /dev/x: [Errno 11] ..."), Busy),
        (usb.core.USBError("Resource busy", -6, errno.EBUSY), Busy),
        (usb.core.USBError("Access denied (insufficient permissions)", -3, errno.EACCES), NoPermission),
        (PermissionError(errno.EPERM, "Operation not permitted"), NoPermission),
        (usb.core.USBError("Overflow", -8, errno.EOVERFLOW), ProtocolError),
        (termios.error(errno.ENOTTY, "Inappropriate ioctl for device"), ProtocolError),
        (RuntimeError("nobody foresaw this"), ProtocolError),
    ],
    ids=repr,
)  # fmt: skip
def test_other_words(error: Exception, family: type[DeviceError]) -> None:
    assert type(translate(error, "x")) is family


def test_a_frame_that_was_lost_is_called_so() -> None:
    assert "frame lost" in str(translate(usb.core.USBError("Overflow", -8, errno.EOVERFLOW), "x"))


def test_a_missing_libusb_says_what_to_install() -> None:
    assert "libusb-1.0-0" in translate(usb.core.NoBackendError("No backend available"), "x").remedy


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
def test_what_this_program_has_too_little_of_is_no_other_programs_fault(number: int) -> None:
    assert "start the kiosk anew" in translate(OSError(number, os.strerror(number)), "x").remedy
