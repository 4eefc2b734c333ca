"""What peripherals tell, as frozen records. `device` is the configured name, times are monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scan:
    """A code was read: `data` as it came, `text` decoded, `aim` the AIM symbology identifier ("]Q1") or ""."""

    device: str
    data: bytes
    text: str
    aim: str = ""


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card or phone was held to the reader. `token` is keyed: the card's own number never leaves the driver."""

    device: str
    token: str


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the printer says of itself: ok | paper-low | no-paper | cover-open | offline."""

    device: str
    status: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A job is on paper and cut."""

    device: str
    job: str


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """A job did not come out, or not wholly; `reason` as in PrinterStatus, or lost."""

    device: str
    job: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceState:
    """absent | opening | ready | lost | failed; `detail` is the error's text, `remedy` what to do."""

    device: str
    state: str
    detail: str = ""
    remedy: str = ""
    counters: dict[str, int] = field(default_factory=dict)


DeviceEvent = Scan | CardSeen | PrinterStatus | Printed | NotPrinted | DeviceState
