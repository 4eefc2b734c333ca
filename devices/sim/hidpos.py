"""A bar code scanner in HID-POS mode: the reports it sends, and the whole device for the simulated USB bus.

`reports_of` is the scanner's half of devices.protocol.hidpos, made without it: it only knows the layout. What can go wrong
with reports is a fault, reports in and reports out, as devices.sim.faults has it for bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devices.protocol.hidpos_layout import HONEYWELL, Layout
from devices.sim.faults import Unplug
from devices.sim.usb_bus import SimUsbBus
from devices.sim.usb_device import INTERRUPT, Endpoint, Interface, SimUsbDevice, Stall

ReportFault = Callable[[list[bytes]], Sequence[bytes | Unplug]]

# The layout HONEYWELL; trigger and beepers in output report 4, commands in output report FD, redirection in feature report FE.
DESCRIPTOR = bytes.fromhex(
    "058C 0902 A101"
    "  0912 A102 8502 1500 26FF00 7508 9501 0501 093B 8102 9503 058C 09FB 09FC 09FD 8102"
    "  9538 09FE 820201 0666FF 9502 0904 0900 8102 058C 2501 7501 9508 09FF 8102 C0"
    "  0914 A102 8504 1500 2501 7501 9508 095E 095F 0960 0900 0900 0985 0986 9186 C0"
    "  0666FF 7508 26FF00 0903 A102 85FE 9501 0903 B28201 C0"
    "  0901 A102 85FD 9501 0921 9102 953E 0922 928201 C0"
    "C0"
)
INITIATE, PREVENT, ERROR, GOOD = 1 << 2, 1 << 1, 1 << 5, 1 << 6  # bits of output report 4


def reports_of(text: str | bytes, aim: str = "", layout: Layout = HONEYWELL) -> list[bytes]:
    """The reports by which a scanner of that layout sends a code."""
    data = text.encode() if isinstance(text, str) else text
    if aim and not layout.aim:
        data = aim.encode("ascii") + data
    start, size = layout.data
    pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    reports = []
    for number, piece in enumerate(pieces):
        report = bytearray(layout.length)
        if layout.report_id:
            report[0] = layout.report_id
        report[start : start + len(piece)] = piece
        if layout.count is not None:
            report[layout.count] = len(piece)
        for at, sign in zip(layout.aim, aim.encode("ascii"), strict=False):
            report[at] = sign
        if layout.continued is not None and number < len(pieces) - 1:
            report[layout.continued[0]] |= 1 << layout.continued[1]
        reports.append(bytes(report))
    return reports


def whole(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """No fault."""
    return reports


def last_lost(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """The last report does not arrive."""
    return reports[:-1]


def doubled(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """Every report arrives two times."""
    return [one for report in reports for one in (report, report)]


def miscounted(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """Every report says that it has 255 bytes of data."""
    return [report[:1] + b"\xff" + report[2:] for report in reports]


def overlong(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """A report comes first that is longer than its endpoint may send; the host loses it (errno 75)."""
    return [bytes(80), *reports]


def never_ending(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """The last report says "continued" too, as public firmware does when it is full."""
    return [*reports[:-1], reports[-1][:-1] + bytes([reports[-1][-1] | 1])]


def unplugged_in_the_middle(reports: list[bytes]) -> Sequence[bytes | Unplug]:
    """The cable is pulled before the last report."""
    return [*reports[:-1], Unplug()]


class SimHidPos(SimUsbDevice):
    """The scanner. It hears triggers, beeps and commands, and answers menu commands as a Honeywell does."""

    IN, OUT = 0x81, 0x02

    def __init__(
        self,
        bus: SimUsbBus,
        *,
        descriptor: bytes = DESCRIPTOR,
        layout: Layout = HONEYWELL,
        vid: int = 0x0C2E,
        pid: int = 0x0B61,
        serial: str = "SIM0001",
        path: str = "1-1",
    ) -> None:
        ends = (Endpoint(self.IN, INTERRUPT, 64), Endpoint(self.OUT, INTERRUPT, 64))
        # Without hidraw in the kernel nobody has taken it: that is when libusb is used at all.
        one = Interface(0, 3, ends, report=descriptor)
        super().__init__(vid, pid, [one], serial=serial, product="HID-POS scanner", manufacturer="Endcap")
        self._bus, self._path, self._layout = bus, path, layout
        self.fault: ReportFault = whole
        self.beeps: list[str] = []  # good | error
        self.reading = True  # what the trigger has last said
        self.redirected = False
        self.commands: list[bytes] = []

    def plug_in(self) -> None:
        """Put its cable in."""
        self._bus.plug(self, self._path)

    def pull(self) -> None:
        """Pull its cable."""
        self._bus.unplug(self)

    def scan(self, text: str | bytes, aim: str = "") -> None:
        """A code is held under it. Into a pulled cable it talks for nothing."""
        for one in self.fault(reports_of(text, aim, self._layout)):
            if isinstance(one, Unplug):
                self.pull()
                return
            self.send_report(one)

    def send_report(self, report: bytes) -> None:
        """One report, whatever is in it; one too long for its packet goes out as the babble it is."""
        if len(report) <= 64:
            self.send(self.IN, report)
        elif self.bus is not None:
            self.packets[self.IN].append(report)
            self.bus.changed(self)

    def on_out(self, endpoint: int, data: bytes) -> None:
        """An output report."""
        self._report(data)

    def on_control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        """SET_REPORT: of an output or a feature report."""
        if (request_type, request) != (0x21, 0x09):
            raise Stall
        if value == 0x03FE:
            self.redirected = data[1:2] == b"\x01"
        else:
            self._report(data)
        return b""

    def _report(self, data: bytes) -> None:
        if data[:1] == b"\x04":
            self._buttons(data[1])
        elif data[:1] == b"\xfd":
            self._command(data[2 : 2 + data[1]])
        else:
            raise Stall

    def _buttons(self, bits: int) -> None:
        if bits & (INITIATE | PREVENT):
            self.reading = bool(bits & INITIATE)
        self.beeps += ["good"] * bool(bits & GOOD) + ["error"] * bool(bits & ERROR)

    def _command(self, command: bytes) -> None:
        self.commands.append(command)
        if command in (b"\x16T\r", b"\x16U\r"):
            self.reading = command == b"\x16T\r"
        elif command == b"\x16\x07\r":
            self.beeps.append("good")
        elif command.startswith(b"\x16M\r"):
            for text, aim in (
                (b"Simulated scanner\r\n", "]X0"),
                (command[3:-1] + b"\x06" + command[-1:], "]Z6"),
            ):
                for report in reports_of(text, aim, self._layout):
                    self.send_report(report)
