"""HID gadgets: what they report, and the device's own end of them."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.vm.gadgets import Gadget
from tests.vm.waiting import until

# A bar code scanner's report descriptor as one maker's firmware has it (JieLi SDK, hid_pos.c; bytes are facts): report 2:
# byte count, AIM identifier, data, "decode data continued"; report 4 is its trigger. With 55 bytes of data and not 56:
# after a report as long as a packet f_hid of 6.1.192 wants an empty packet fetched, over which dummy_hcd now and then hangs.
HIDPOS = bytes.fromhex(
    "058c0902a1010912a1028502150026ff00750895010501093b81029503058c09fb09fc09fd8102953709fe8202010666ff9502090409008102058c2501"
    "7501950809ff8102c00914a10285041500250175019508095e095f096009000900098509869186c00666ff750826ff000903a10285fe95010903b28201"
    "c00901a10285fd950109219102953e0922928201c0c0"
)
# The boot keyboard of the HID specification 1.11, appendix B.1.
KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0"
)


def attributes(descriptor: bytes, report: int, boot_keyboard: bool = False) -> dict[str, bytes]:
    """What configfs wants to know of a HID function; `report` is its packet size, a little more than its longest report."""
    kind = b"1" if boot_keyboard else b"0"
    return {
        "report_desc": descriptor,
        "report_length": str(report).encode(),
        "protocol": kind,
        "subclass": kind,
    }


class Reports:
    """The device's own end of a HID gadget, whose reports have `size` bytes and come `pace_s` after each other."""

    def __init__(self, gadget: Gadget, size: int, pace_s: float) -> None:
        self.gadget, self._size, self._pace_s = gadget, size, pace_s
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
        """Send reports, one after the other. Raises TimeoutError where the host takes none."""
        for at in range(0, len(data), self._size):
            time.sleep(self._pace_s)
            until("room for a report", partial(self._sent, data[at : at + self._size]))

    def _sent(self, report: bytes) -> bool:
        with suppress(BlockingIOError):
            return os.write(self._fd, report) == len(report)
        return False

    def hear(self) -> bytes:
        """The next report from the host, b"" for none in 5 s."""
        ready, _, _ = select.select([self._fd], [], [], 5)
        return os.read(self._fd, 4096) if ready else b""
