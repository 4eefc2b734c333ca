"""What else of devices/ reads bytes it did not write: report descriptors while looking for devices, and trace files."""

from __future__ import annotations

from contextlib import suppress

from devices.finding.sysfs import usage_pages
from devices.trace import BadTrace, head_of, line_of, parse_trace
from tests.fuzz.device_targets import target


@target("usage-pages", bytes.fromhex("00058c0902a101c0"), bytes.fromhex("000b02008c00a101c0fe0201aabb"))
def pages(data: bytes) -> None:
    """As many pages as there is room for, whatever it is; and a good descriptor is still read."""
    found = usage_pages(data)
    assert len(found) <= len(data)
    assert all(0 <= page <= 0xFFFFFFFF for page in found)


@target("trace", b'\x00# endcap trace 1\n0.1 < 30\n1 > ?3\n2 ! Gone\n= Scan {"text": "0"}\n')
def trace(data: bytes) -> None:
    """A text is refused with its reason, or is written and read as the same."""
    text = data.decode("latin-1")
    for whole in (text[1:], "# endcap trace 1\n" + text):
        with suppress(BadTrace):
            once = parse_trace(whole)
            again = "".join(f"{line_of(line)}\n" for line in once.lines)
            assert len(parse_trace(head_of("m", "s") + again).lines) == len(once.lines)
