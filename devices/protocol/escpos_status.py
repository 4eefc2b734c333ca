"""What an ESC/POS printer sends, told apart byte by byte, and what it means.

Epson's command reference, "Identification of transmission status" (Citizen, Custom and others print the same table): the
fixed bits of a byte say what it belongs to.

| bits      | what                                              |
|-----------|---------------------------------------------------|
| 0xx1xx10  | the answer to DLE EOT n                           |
| 0xx1xx00  | first byte of Automatic Status Back (GS a)        |
| 0xx0xxxx  | its bytes 2 to 4; else the answer to GS r or GS I |
| 00010001, 00010011 | XON, XOFF; may stand inside any of these |
| 37h, 53h, 5Fh | a block that ends with 00h: 37h 22h process id, 37h 25h buffers cleared, 5Fh a text of GS I |

An answer to DLE EOT does not say which n it answers, so `Enquiry` keeps one question open at a time and believes nothing
that could belong to an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUP_S = 0.25  # a group or block that is not whole by then has lost a byte (4 bytes take 4 ms at 9600 baud)
MOST = 96  # bytes of a block; Epson's longest is 80 and its frame
_HEADS = frozenset((0x37, 0x53, 0x5F))
_FLOW = {0x11: True, 0x13: False}


@dataclass(frozen=True, slots=True)
class Answer:
    """One byte, 0xx1xx10, that answers DLE EOT."""

    byte: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """The four bytes of Automatic Status Back."""

    group: bytes


@dataclass(frozen=True, slots=True)
class InTurn:
    """One byte, 0xx0xxxx: the answer to GS r or GS I, sent when all before it in the buffer was processed."""

    byte: int


@dataclass(frozen=True, slots=True)
class Processed:
    """All that was sent before this process id (GS ( H, function 48) is on paper."""

    mark: bytes


@dataclass(frozen=True, slots=True)
class Cleared:
    """The printer has emptied its buffers (DLE DC4, function 8)."""


@dataclass(frozen=True, slots=True)
class Block:
    """Another block: what stands between its header and its 00h."""

    header: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """XON (`on`) or XOFF."""

    on: bool


Reply = Answer | AutoStatus | InTurn | Processed | Cleared | Block | Flow


class ReplyParser:
    """Bytes in, replies out, in any pieces. `damaged` counts groups and blocks cut short, `garbage` bytes of no form."""

    def __init__(self) -> None:
        self._open = bytearray()  # of a group or block: at most MOST bytes
        self._since = 0.0
        self.damaged = self.garbage = 0

    def feed(self, data: bytes, now: float) -> list[Reply]:
        """What `data` completes; `now` in seconds, of any clock that does not go back."""
        self.timeout(now)
        out: list[Reply] = []
        for byte in data:
            reply = self._take(byte, now)
            if reply is not None:
                out.append(reply)
        return out

    def timeout(self, now: float) -> None:
        """Give up a group or block that is overdue."""
        if self._open and now - self._since > GROUP_S:
            self._drop()

    def reset(self) -> None:
        """Forget what is half there, as after an unplug."""
        self._open.clear()

    def _drop(self) -> None:
        self._open.clear()
        self.damaged += 1

    def _take(self, byte: int, now: float) -> Reply | None:
        if byte in _FLOW:
            return Flow(_FLOW[byte])
        if self._open and self._fits(byte):
            self._open.append(byte)
            return self._whole(byte)
        if self._open:
            self._drop()
        return self._fresh(byte, now)

    def _fresh(self, byte: int, now: float) -> Reply | None:
        if byte & 0x93 == 0x12:
            return Answer(byte)
        if byte & 0x93 == 0x10 or byte in _HEADS:
            self._open.append(byte)
            self._since = now
            return None
        if byte & 0x90 == 0x00:
            return InTurn(byte)
        self.garbage += 1
        return None

    def _fits(self, byte: int) -> bool:
        if self._open[0] not in _HEADS:
            return byte & 0x90 == 0x00
        return len(self._open) < MOST and (byte == 0 or 0x20 <= byte <= 0x7E)

    def _whole(self, byte: int) -> Reply | None:
        head, data = self._open[0], bytes(self._open[1:])
        if head not in _HEADS:
            if len(data) < 3:
                return None
            self._open.clear()
            return AutoStatus(bytes((head,)) + data)
        if byte:
            return None
        self._open.clear()
        data = data[:-1]
        if head == 0x37 and data[:1] == b"\x22":
            if len(data) == 5:
                return Processed(data[1:])
            self.damaged += 1
            return None
        return Cleared() if (head, data) == (0x37, b"\x25") else Block(head, data)


# --- what they mean -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Status:
    """What a printer says of itself."""

    offline: bool = False
    cover_open: bool = False
    feeding: bool = False  # somebody holds the feed button
    no_paper: bool = False
    paper_low: bool = False
    cutter: bool = False  # the knife is stuck
    stuck: bool = False  # another fault that goes when somebody sees to it
    broken: bool = False  # a fault that does not go
    hot: bool = False  # the head cools down, or a cover was opened while it printed: goes by itself
    drawer_high: bool = False  # the level of the drawer's pin 3; which level is "open" is up to the drawer

    def name(self) -> str:
        """In one word of events.PrinterStatus, the worst first."""
        for name, there in (
            ("broken", self.broken),
            ("cutter-error", self.cutter),
            ("cover-open", self.cover_open),
            ("no-paper", self.no_paper),
            ("stuck", self.stuck),
            ("hot", self.hot),
            ("offline", self.offline or self.feeding),
            ("paper-low", self.paper_low),
        ):
            if there:
                return name
        return "ok"

    @property
    def can_print(self) -> bool:
        """Whether what is sent now comes out now."""
        return self.name() in ("ok", "paper-low")

    @property
    def attend(self) -> bool:
        """Whether there is a fault that ends when the printer is told that somebody saw to it (DLE ENQ)."""
        return self.cutter or self.stuck


QUESTIONS = (1, 2, 3, 4)  # DLE EOT n: the printer, why it is offline, its faults, its paper


def status_of_answers(printer: int, offline: int, fault: int, paper: int) -> Status:
    """The status in the answers to DLE EOT 1 to 4 (Epson reference, DLE EOT)."""
    return Status(
        offline=bool(printer & 0x08),
        cover_open=bool(offline & 0x04),
        feeding=bool(offline & 0x08),
        no_paper=bool(offline & 0x20 or paper & 0x60),
        paper_low=bool(paper & 0x0C),
        cutter=bool(fault & 0x08),
        stuck=bool(fault & 0x04),
        broken=bool(fault & 0x20),
        hot=bool(fault & 0x40),
        drawer_high=bool(printer & 0x04),
    )


def status_of_group(group: bytes) -> Status:
    """The status in the four bytes of Automatic Status Back (Epson reference, GS a)."""
    printer, fault, paper, _ = group
    return Status(
        offline=bool(printer & 0x08),
        cover_open=bool(printer & 0x20),
        feeding=bool(printer & 0x40),
        no_paper=bool(paper & 0x0C),
        paper_low=bool(paper & 0x03),
        cutter=bool(fault & 0x08),
        stuck=bool(fault & 0x04),
        broken=bool(fault & 0x20),
        hot=bool(fault & 0x40),
        drawer_high=bool(printer & 0x04),
    )


# --- asking ---------------------------------------------------------------------------------------------------

ANSWER_S = 0.5  # DLE EOT is answered in real time, also by a printer that is offline
SETTLE_S = 0.1  # silence after a round that might have been answered one question late
FORGET_S = 2.0  # an answer that is not there by then is not coming
MOST_OWED = 3


class Enquiry:
    """Asks DLE EOT 1 to 4, one at a time, and gives a Status no byte of which can be stale.

    An answer counts only when every question sent before it was answered too. Where that cannot be known (a line just
    opened, an answer given up) the first round is believed only if nothing more comes within SETTLE_S after it: one
    stale byte would shift the round by one and leave one too many.
    """

    def __init__(self) -> None:
        self._got: list[int] = []
        self._asking = False  # a round is wanted
        self._owed = 0
        self._sent = self._whole = 0.0
        self._behind = False
        self._suspect = True
        self.misses = 0  # questions in a row that were not answered in time
        self.unasked = 0  # answers to nothing

    @property
    def busy(self) -> bool:
        """Whether a round is under way."""
        return self._asking

    def ask(self) -> None:
        """Begin a round, unless one is under way."""
        if not self._asking:
            self._asking, self._got = True, []

    def outgoing(self, now: float) -> bytes:
        """The question to send now, if any."""
        if not self._asking or len(self._got) == len(QUESTIONS):
            return b""
        if self._owed:
            if now - self._sent < self._patience():
                return b""
            self.misses += 1
            if self._behind or self._owed >= MOST_OWED:
                self._owed, self._behind, self._suspect, self._got = 0, False, True, []
        self._owed += 1
        self._sent = now
        return bytes((0x10, 0x04, QUESTIONS[len(self._got)]))

    def answer(self, byte: int, now: float) -> Status | None:
        """Take an Answer; the status, where it ends a round that is believed at once."""
        if not self._owed:
            self.unasked += 1
            if self._suspect and self._asking:
                self._got = []  # one too many: the round was shifted
            return None
        self._owed -= 1
        self._behind = self._owed > 0  # a later question was answered: what is still owed may have been lost
        if self._behind:
            return None
        self.misses = 0
        self._got.append(byte)
        if len(self._got) < len(QUESTIONS):
            return None
        if self._suspect:
            self._whole = now
            return None
        return self._end()

    def timeout(self, now: float) -> Status | None:
        """The status of a round that had to settle, once it has."""
        settled = self._asking and len(self._got) == len(QUESTIONS) and now - self._whole >= SETTLE_S
        if not settled:
            return None
        self._suspect = False
        return self._end()

    def wait_s(self, now: float) -> float | None:
        """Seconds until `outgoing` or `timeout` has something to do; None while nothing is under way."""
        if not self._asking:
            return None
        if len(self._got) == len(QUESTIONS):
            return max(0.0, self._whole + SETTLE_S - now)
        if not self._owed:
            return 0.0
        return max(0.0, self._sent + self._patience() - now)

    def _patience(self) -> float:
        return FORGET_S if self._owed >= MOST_OWED else ANSWER_S

    def _end(self) -> Status:
        self._asking = False
        return status_of_answers(*self._got)
