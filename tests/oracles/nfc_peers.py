"""The process an independent PN532 stack reads a tag in: LIBRARY DEVICE; one line of JSON comes out.

nfcpy 1.0.4 (EUPL-1.1) and adafruit-circuitpython-pn532 2.4.9 (MIT) stay in a process and a folder of their own: `make oracles`.
"""

from __future__ import annotations

import json
import sys
import types
import warnings
from typing import Any

warnings.simplefilter("ignore")  # of their time


def nfcpy(device: str) -> dict[str, str]:
    """Opens the chip, finds the tag, reads its first record."""
    import nfc
    import nfc.clf.pn532
    import nfc.clf.transport

    frontend = nfc.ContactlessFrontend()
    frontend.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(device))
    try:
        tag = frontend.connect(rdwr={"on-connect": lambda tag: False})
        uri = tag.ndef.records[0].uri if tag.ndef else ""
        return {"chip": frontend.device.chipset_name, "uid": tag.identifier.hex(), "uri": uri}
    finally:
        frontend.close()


def adafruit_reader(device: str, timeout: float = 0.1) -> Any:
    """Its driver on a serial port. It wants some names of Blinka's, which brings hardware this machine has none of."""
    names: dict[str, dict[str, Any]] = {
        "digitalio": {"Direction": None, "DigitalInOut": object},
        "micropython": {"const": lambda value: value},
        "busio": {"UART": object},
        "circuitpython_typing": {"ReadableBuffer": bytes},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        sys.modules.setdefault(name, module)
    import serial
    from adafruit_pn532.uart import PN532_UART

    return PN532_UART(serial.Serial(device, 115200, timeout=timeout))


def adafruit(device: str) -> dict[str, str]:
    """Finds the card and reads page 4."""
    reader = adafruit_reader(device)
    uid = reader.read_passive_target(timeout=1.0)
    version = ".".join(str(part) for part in reader.firmware_version[1:3])
    return {
        "chip": f"PN532v{version}", "uid": bytes(uid).hex(), "page": bytes(reader.ntag2xx_read_block(4)).hex(),
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"nfcpy": nfcpy, "adafruit": adafruit}[sys.argv[1]](sys.argv[2])) + "\n")
