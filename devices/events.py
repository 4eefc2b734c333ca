"""What peripherals tell, as frozen records. `device` is the configured name, times are monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scan:
    """A code was read: `data` as it came without its framing, `text` decoded, `aim` the AIM symbology identifier ("]Q1") or ""."""

    device: str
    data: bytes
    text: str
    aim: str = ""
    at: float = 0.0  # when its last byte was in


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card or phone was held to the reader. `token` is keyed: the card's own number never leaves the driver."""

    device: str
    token: str


@dataclass(frozen=True, slots=True)
class TagRead:
    """A tag, or a phone that plays one, was read to its end: `technology` is type-2 | type-4 | hce, `message` the NDEF message
    (or the answer of our own application, for hce), `uri` its first URI record's address or "".
    """

    device: str
    token: str
    technology: str
    message: bytes
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A phone was held to a reader that plays a tag; `complete`: it has read the whole address."""

    device: str
    uri: str
    complete: bool


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the printer says of itself: ok | paper-low | no-paper | cover-open | cutter-error | stuck (a fault that goes when
    somebody sees to it) | hot (goes by itself) | broken | offline.
    """

    device: str
    status: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A job is on paper and cut."""

    device: str
    job: str


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """A job did not come out, or not wholly; `reason` as in PrinterStatus, or lost: no whole copy of it is there, it may be
    printed anew. Only `unsure` means that one may be on paper, or come out of the printer's own buffer yet.
    """

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


DeviceEvent = Scan | CardSeen | TagRead | Tapped | PrinterStatus | Printed | NotPrinted | DeviceState
