"""The only exceptions that leave devices/. pyserial and pyusb raise about six different ones for one unplug; here it
is one. Each is also the builtin a caller expects, and each says what to do about it.
"""

from __future__ import annotations

import errno
import termios


class DeviceError(Exception):
    """Something is wrong with a peripheral. `remedy` is a sentence for a technician."""

    remedy = "Look at the device and its cable."


class Gone(DeviceError, ConnectionError):
    """It was unplugged, or its node is not there."""

    remedy = "Plug it in; it is found by itself."


class Busy(DeviceError, OSError):
    """Another program holds it."""

    remedy = "End the other program that uses this port (ModemManager is a usual one)."


class NoPermission(DeviceError, PermissionError):
    """This account may not open it."""

    remedy = "Install systemd/99-endcap.rules, or add the account to the group dialout."


class Timeout(DeviceError, TimeoutError):
    """It is there and does not answer in time."""

    remedy = "Switch it off and on; if that does not help, change it."


class ProtocolError(DeviceError, ValueError):
    """It says what it must not say."""

    remedy = "Check that the configured model is the one that is plugged in."


_GONE = {errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.EPIPE, errno.EBADF}


def translate(error: BaseException, what: str) -> DeviceError:
    """The DeviceError an exception of pyserial, termios or the kernel amounts to.

    Measured at an unplug (pty hang-up, cdc_acm and ftdi_sio alike): SerialException without errno from read and write,
    bare OSError(5) from in_waiting, termios.error from flush, TypeError from a close in another thread.
    """
    if isinstance(error, DeviceError):
        return error
    number = getattr(error, "errno", None)
    text = f"{what}: {error}"
    if number == errno.EBUSY or "exclusively lock" in str(error):
        return Busy(text)
    if number in (errno.EACCES, errno.EPERM):
        return NoPermission(text)
    if number == errno.ETIMEDOUT:
        return Timeout(text)
    if number is None or number in _GONE or isinstance(error, (termios.error, TypeError, ValueError)):
        return Gone(text)
    return DeviceError(text)
