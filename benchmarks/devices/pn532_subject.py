"""python -m benchmarks.devices.pn532_subject LIBRARY DEVICE COUNT SECONDS: one driver reads pages of a tag, in a process of its own.

It says "ready" when the chip is open and the tag is found, waits for a line, reads, and says a line of JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

FIRST, LAST = 4, 200  # pages
Read = Callable[
    [int], bytes | None
]  # a page's number -> its four bytes; None or an exception where it could not


def page(number: int) -> bytes:
    """What stands there: no two pages alike, so that another page's answer shows."""
    return bytes([number, number ^ 0xFF, number * 7 & 0xFF, 0x5A])


def ours(device: str) -> Read:
    from devices.drivers.pn532_link import Pn532Link
    from devices.protocol.pn532_commands import SAM_CONFIGURATION, data_exchange
    from devices.protocol.pn532_targets import LIST_ONE_TYPE_A, exchanged, target_of
    from devices.transport.serial import SerialTransport

    link = Pn532Link("reader", SerialTransport(device))
    link.wake_chip()
    link.command(SAM_CONFIGURATION, blind=True)
    assert target_of(link.command(LIST_ONE_TYPE_A)) is not None
    return lambda number: exchanged(link.command(data_exchange(bytes([0x30, number]))))[:4]


def adafruit(device: str) -> Read:
    from tests.oracles.nfc_peers import adafruit_reader

    reader = adafruit_reader(device)
    assert reader.read_passive_target(timeout=1.0)
    return reader.ntag2xx_read_block  # type: ignore[no-any-return]


def nfcpy(device: str) -> Read:
    import nfc.clf.pn532
    import nfc.clf.transport

    chip: Any = nfc.clf.pn532.init(nfc.clf.transport.TTY(device)).chipset
    assert chip.command(0x4A, b"\x01\x00", 1.0)[:1] == b"\x01"

    def read(number: int) -> bytes | None:
        answer = chip.command(0x40, bytes([0x01, 0x30, number]), 1.0)
        return bytes(answer[1:5]) if answer and answer[0] == 0 else None

    return read


def main() -> None:
    warnings.simplefilter("ignore")
    library, device, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    read = {"ours": ours, "adafruit": adafruit, "nfcpy": nfcpy}[library](device)
    print("ready", flush=True)
    sys.stdin.readline()
    right = wrong = failed = 0
    took: list[float] = []
    end = time.monotonic() + seconds
    while len(took) < count and time.monotonic() < end:
        number = FIRST + (len(took) * 61) % (LAST - FIRST)
        began = time.perf_counter()
        try:
            got = read(number)
        except Exception:  # noqa: BLE001 - whatever a driver calls it: the page was not read
            got = None
        took.append(time.perf_counter() - began)
        right += got is not None and bytes(got) == page(number)
        wrong += got is not None and bytes(got) != page(number)
        failed += got is None
    took.sort()
    told = {
        "asked": len(took), "right": right, "wrong": wrong, "failed": failed,
        "median_ms": statistics.median(took) * 1000, "p99_ms": took[int(len(took) * 0.99)] * 1000,
    }  # fmt: skip
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
