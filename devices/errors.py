"""The only exceptions that leave devices/. pyserial and pyusb raise about six different ones for one unplug; here it
is one. Each is also the builtin a caller expects, and each says what to do about it.
"""

from __future__ import annotations

import errno
import termios


class DeviceError(Exception):
    """Something is wrong with a peripheral. `remedy` is a sentence for a technician, `errno` the kernel's number or None.

    Never raised itself: what leaves devices/ is one of the five below.
    """

    errno: int | None = None
    remedy = "Look at the device and its cable."


class Gone(DeviceError, ConnectionError):
    """It was unplugged, or its node is not there."""

    remedy = "Plug it in; it is found by itself."


class Busy(DeviceError, OSError):
    """Another program holds it."""

    remedy = "End the other program that uses this port (ModemManager is a usual one)."


class NoPermission(DeviceError, PermissionError):
    """This account may not open it."""

    remedy = "Install systemd/99-endcap.rules, and add the account to the groups dialout and plugdev."


class Timeout(DeviceError, TimeoutError):
    """It is there and does not answer in time, or does not take what is sent: `sent` bytes of that went out."""

    remedy = "Switch it off and on; if that does not help, change it."

    def __init__(self, text: str = "", sent: int = 0) -> None:
        super().__init__(text)
        self.sent = sent


class ProtocolError(DeviceError, ValueError):
    """It says what it must not say."""

    remedy = "Check that the configured model is the one that is plugged in."


_FAMILY: dict[type[DeviceError], set[int]] = {
    Gone: {
        errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.EPIPE, errno.EBADF, errno.ENOTDIR, errno.ESTALE,
        errno.ENOTCONN, errno.ECONNRESET, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ESHUTDOWN,
        errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET,
    },
    Busy: {errno.EBUSY, errno.ETXTBSY, errno.EADDRINUSE, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS},
    NoPermission: {errno.EACCES, errno.EPERM, errno.EROFS},
    Timeout: {errno.ETIMEDOUT, errno.ETIME, errno.EAGAIN, errno.EINPROGRESS, errno.EALREADY, errno.EINTR},
    # Everything else is one too: ENOTTY and EINVAL say that the port is not what the model needs.
    ProtocolError: {errno.EOVERFLOW, errno.EPROTO, errno.EILSEQ, errno.EBADMSG, errno.EMSGSIZE},
}  # fmt: skip
_BY_NUMBER = {number: family for family, numbers in _FAMILY.items() for number in numbers}
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}
_LOST_FRAME = {errno.EOVERFLOW, errno.EILSEQ, errno.EMSGSIZE}
# By name, so that nothing here imports pyserial or pyusb: what they raise without a number, mostly at an unplug.
_BY_NAME: dict[str, type[DeviceError]] = {
    "SerialTimeoutException": Timeout,
    "USBTimeoutError": Timeout,
    "TimeoutError": Timeout,
    "SerialException": Gone,
    "PortNotOpenError": Gone,
    "USBError": Gone,
    "gaierror": Gone,
    "NoBackendError": NoPermission,
    # close() in another thread: a number, a handle or a buffer is None all of a sudden
    "TypeError": Gone,
    "ValueError": Gone,
    "AttributeError": Gone,
    "EOFError": Gone,
}


def translate(error: BaseException, what: str) -> DeviceError:
    """The one of the five families an exception of pyserial, pyusb, termios or the kernel amounts to.

    `what` names the wire. Measured at an unplug (pty hang-up, cdc_acm and ftdi_sio alike): SerialException without errno
    from read and write, bare OSError(5) from in_waiting, termios.error from flush, TypeError from a close in another
    thread; USBError 5 or 19 from pyusb, OSError 5 from hidraw, 19 from evdev.
    """
    if isinstance(error, DeviceError):
        return error
    number = _number(error)
    family = _family(error, number)
    text = f"{what}: {error}"
    if number in _LOST_FRAME:
        text = f"{what}: frame lost: {error}"
    found = family(text)
    if number is not None:
        found.errno = number
    if number in _SCARCE:
        found.remedy = "Nothing is wrong with the device: start the kiosk anew, and tell its makers."
    if type(error).__name__ == "NoBackendError":
        found.remedy = "Install libusb: apt install libusb-1.0-0."
    return found


def _number(error: BaseException) -> int | None:
    number = getattr(error, "errno", None)
    if number is None and isinstance(error, termios.error) and error.args:
        number = error.args[0]
    cause = error.__context__
    if number is None and isinstance(
        cause, (OSError, termios.error)
    ):  # pyserial's own words for the kernel's
        return _number(cause)
    return number if isinstance(number, int) and number > 0 else None


def _family(error: BaseException, number: int | None) -> type[DeviceError]:
    if "exclusively lock" in str(error):  # pyserial's flock: its errno is EAGAIN
        return Busy
    if number is not None:
        return _BY_NUMBER.get(number, ProtocolError)
    for kind in type(error).__mro__:
        if kind.__name__ in _BY_NAME:
            return _BY_NAME[kind.__name__]
    return Gone if isinstance(error, (OSError, termios.error)) else ProtocolError
