"""HID gadgets: what they report, and the device's own end of them."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

from tests.vm.gadgets import Gadget
from tests.vm.waiting import until

# A bar code scanner's report descriptor as one maker's firmware has it (JieLi SDK, hid_pos.c; bytes are facts): report 2,
# 64 bytes: byte count, AIM identifier, 56 of data, "decode data continued"; report 4 is its trigger.
HIDPOS = bytes.fromhex(
    "058c0902a1010912a1028502150026ff00750895010501093b81029503058c09fb09fc09fd8102953809fe8202010666ff9502090409008102058c2501"
    "7501950809ff8102c00914a10285041500250175019508095e095f096009000900098509869186c00666ff750826ff000903a10285fe95010903b28201"
    "c00901a10285fd950109219102953e0922928201c0c0"
)
# The boot keyboard of the HID specification 1.11, appendix B.1.
KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0"
)


def attributes(descriptor: bytes, report: int, boot_keyboard: bool = False) -> dict[str, bytes]:
    """What configfs wants to know of a HID function; `report` is its longest report in bytes, id included."""
    kind = b"1" if boot_keyboard else b"0"
    return {
        "report_desc": descriptor,
        "report_length": str(report).encode(),
        "protocol": kind,
        "subclass": kind,
    }


class Reports:
    """The device's own end of a HID gadget: one report per `say`."""

    def __init__(self, gadget: Gadget) -> None:
        self.gadget = gadget
        self._fd = -1

    def plug(self) -> None:
        """Cable in."""
        self.gadget.plug()
        node = Path("/dev/char", self.gadget.attribute("dev"))
        until(f"{node}", node.exists)
        self._fd = os.open(node, os.O_RDWR | os.O_NONBLOCK)

    def unplug(self) -> None:
        """Cable out."""
        self.gadget.unplug()
        with suppress(OSError):
            os.close(self._fd)
        self._fd = -1

    def say(self, data: bytes) -> None:
        """Send a report; returns when the host has taken the one before. Raises TimeoutError where nobody takes them."""

        def sent() -> bool:
            with suppress(BlockingIOError):
                return os.write(self._fd, data) == len(data)
            return False

        until("room for a report", sent)

    def hear(self) -> bytes:
        """The next report from the host, b"" for none in 5 s."""
        ready, _, _ = select.select([self._fd], [], [], 5)
        return os.read(self._fd, 4096) if ready else b""
