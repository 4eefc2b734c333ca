"""Bar codes out of HID-POS reports. A code is one report, or several of which all but the last say "continued".

The flag is not to be trusted alone: firmware is in the field that sets it on the last report too when that is full, and a
last report may be lost. So a code also ends by silence, and by a report that bears another AIM identifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from devices.protocol.aim import split, symbology
from devices.protocol.hidpos_layout import Layout
from devices.protocol.lines import text_of

GAP_S = 0.1  # a scanner sends its reports 1 to 10 ms apart
MOST = 8192  # bytes of one code; a QR code holds at most 2,953


@dataclass(frozen=True, slots=True)
class Message:
    """What a scanner sent: data as they came, text, AIM identifier ("]Q1") or "", the maker's own symbology bytes."""

    data: bytes
    text: str
    aim: str
    vendor: bytes = b""

    @property
    def scanned(self) -> bool:
        """Whether it was a code: "]Z" is no bar code (ISO/IEC 15424), and Honeywell's answers to commands come with it."""
        return not self.aim.startswith("]Z")


@dataclass(slots=True)
class _Begun:
    layout: Layout
    aim: str
    vendor: bytes
    data: bytearray = field(default_factory=bytearray)


class HidPosParser:
    """Feed reports; codes come out.

    Silence is what `timeout` is told, after a read that waited in vain: reports that lay waiting while this program was
    busy are fed late and are still one code.
    """

    def __init__(self, layouts: Sequence[Layout], gap_s: float = GAP_S) -> None:
        self._layouts, self._gap_s = tuple(layouts), gap_s
        self._begun: _Begun | None = None
        self._due = 0.0  # when silence ends what was begun
        self._skipping = False
        self.strange = 0  # reports of an unknown kind
        self.miscounted = 0  # reports that claim more bytes than they have
        self.unended = 0  # codes that ended without a report that says so
        self.dropped = 0  # codes too long to be one

    def feed(self, report: bytes, now: float) -> list[Message]:
        """One report, read at `now` (monotonic seconds); returns what it completed."""
        layout = self._layout_of(report)
        if layout is None:
            self.strange += 1
            return []
        self._due = now + self._gap_s
        aim, vendor = _aim(layout, report), bytes(report[at] for at in layout.vendor if at < len(report))
        done = []
        begun = self._begun
        if begun is not None and (begun.layout is not layout or (aim and begun.aim and aim != begun.aim)):
            done += self._end(ended=False)
        if self._begun is None:
            self._begun = _Begun(layout, aim, vendor)
        data, continued = self._data(layout, report)
        self._begun.data += data
        if len(self._begun.data) > MOST:
            self._skipping = True
            self._begun.data.clear()
        return done if continued else done + self._end(ended=True)

    def timeout(self, now: float) -> list[Message]:
        """What silence until `now` has completed."""
        if self._begun is None or now < self._due:
            return []
        return self._end(ended=self._begun.layout.continued is None)

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun."""
        return None if self._begun is None else max(0.0, self._due - now)

    def reset(self) -> None:
        """Forget what was begun: the device is gone."""
        self._begun, self._skipping = None, False

    def _layout_of(self, report: bytes) -> Layout | None:
        fits = [one for one in self._layouts if not one.report_id or report[:1] == bytes([one.report_id])]
        fits = [one for one in fits if len(report) > max(one.data[0], one.count or 0)]
        for one in fits:
            if one.aim and report[one.aim[0] : one.aim[0] + 1] == b"]":
                return one
        return fits[0] if fits else None

    def _data(self, layout: Layout, report: bytes) -> tuple[bytes, bool]:
        """A report's part of the code, and whether more is announced."""
        start, size = layout.data
        whole = report[start : start + size]
        counted = len(whole) if layout.count is None else report[layout.count]
        if counted > len(whole):
            self.miscounted += 1
            counted = len(whole.rstrip(b"\0"))
        if layout.continued is None:
            return whole[:counted], counted == size and (layout.count is not None or whole[-1] != 0)
        offset, bit = layout.continued
        return whole[:counted], offset < len(report) and bool(report[offset] >> bit & 1)

    def _end(self, *, ended: bool) -> list[Message]:
        begun, self._begun = self._begun, None
        if self._skipping:
            self._skipping = False
            self.dropped += 1
            return []
        if begun is None:
            return []
        data, aim = bytes(begun.data), begun.aim
        if begun.layout.count is None:
            data = data.rstrip(b"\0")
        text = text_of(data)
        if not begun.layout.aim:
            aim, text = split(text)
            data = data[len(aim) :]
        if not data:
            return []
        self.unended += not ended
        return [Message(data, text, aim, begun.vendor)]


def _aim(layout: Layout, report: bytes) -> str:
    """The AIM identifier of a report; "" where the firmware leaves it 0, or writes something else there."""
    found = bytes(report[at] for at in layout.aim if at < len(report)).decode("latin-1")
    return found if symbology(found) else ""
