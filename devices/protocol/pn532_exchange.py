"""One command and its answer, over a line that damages, loses, delays or repeats: a state machine without a wire.

A PN532 frame has no number, so an answer can be told from an older one by its code alone. What makes an answer fresh here is
order: a serial line delays and repeats, but never overtakes. While a command is answered, whatever was still on its way
from before it has passed. So after a good answer only copies of that very answer can still come (`_suspects`); a command with
another code may follow at once, and its answer flushes those copies. Before a command whose code is suspect, the chip is
asked to say back a number that was never used (Diagnose, line test): behind that echo the line is empty of older things.

    exchange = Exchange(nonce)
    events = exchange.begin(command, now)      # Send(bytes) are to be written
    events = exchange.feed(data, now)          # ... Answer(payload) or Failed(reason) ends it
    events = exchange.timeout(now)             # when wait_s(now) has passed

A damaged command the chip leaves unanswered (no ACK): it is sent again. A damaged answer is asked for again by NACK once the
line has fallen silent, so that nothing within a damaged frame is taken for a frame. What takes too long is aborted by an ACK
and sent again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Damaged, Data, Frame, Nack, Refused
from devices.protocol.pn532_commands import DIAGNOSE, diagnose_line

ACK_S: Final = 0.1  # the chip acknowledges within 15 ms; 100 ms is the usual wait
ANSWER_S: Final = 0.5  # the longest answer, a poll without a card, takes about 30 ms
QUIET_S: Final = (
    0.02  # after damage: silence this long is the end of what was being sent; FTDI holds bytes for 16 ms
)
HALF_S: Final = 0.08  # a frame that stops this long in its middle has lost a byte
BABBLE_S: Final = 0.5  # a line that does not fall silent
SLOWEST_S: Final = 1.5  # a line slower than that is none
GUESSED_S: Final = 0.3  # how slow a silent line is thought to be at most
TRIES: Final = 5  # sendings of a command
BLIND_TRIES: Final = 2  # of one that a chip may be asleep for: it is woken again in between
NACKS: Final = 3  # before it is sent again
ECHOES: Final = 6
ACK_SIZE: Final = 8  # bytes: an ACK with two of preamble


@dataclass(frozen=True, slots=True)
class Send:
    """Write this."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer, its code first. It is fresh: the command was carried out after `begin`."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """No good answer. `reason`: mute | refused (the chip does not understand the command)."""

    reason: str


Event = Send | Answer | Failed


class _State(Enum):
    IDLE = auto()
    ECHO = auto()  # waits for the number to come back
    SENT = auto()  # waits for ACK
    TAKEN = auto()  # waits for the answer
    BROKEN = auto()  # waits for silence
    ASKED = auto()  # sent NACK, waits for the answer once more


class Exchange:
    """`nonce` begins the numbers of echoes: random, so that no older run's echo counts. Times are seconds of one clock."""

    def __init__(self, nonce: int) -> None:
        self._parser = pn532.Parser()
        self._state = _State.IDLE
        self._suspects: set[int] | None = None  # codes that may be on their way unasked; None: any
        self._nonce = nonce
        self._echoes: dict[bytes, float] = {}  # what was asked to be said back, and when
        self._command, self._code = b"", 0
        self._answer_s, self._once, self._blind = ANSWER_S, False, False
        self._until = self._deadline = self._sent_at = self._heard_at = 0.0
        self._tries = self._nacks = self._came = 0
        self._taken = False
        self._reason = "mute"
        self._slow_s = 0.0  # how long this line needs for there and back
        self.counters = Counter[str]()

    @property
    def busy(self) -> bool:
        """Whether a command is under way."""
        return self._state is not _State.IDLE

    def begin(
        self,
        command: bytes,
        now: float,
        *,
        answer_s: float = ANSWER_S,
        once: bool = False,
        blind: bool = False,
    ) -> list[Event]:
        """Send a command (code first). `once`: it must not be carried out a second time, so it is sent again only while the chip is silent.

        `blind`: its answer says nothing that could be stale, and the chip may not be able to say numbers back yet.
        """
        if self.busy:
            raise ValueError("a command is under way")
        self._command, self._code = command, command[0] + 1
        self._answer_s, self._once, self._blind = answer_s, once, blind
        self._tries, self._reason = 0, "mute"
        if not blind and (self._suspects is None or self._code in self._suspects):
            self._echoes = {}
            return self._ask_echo(now)
        return self._send(now)

    def abort(self) -> list[Event]:
        """Give the command up: the chip drops it when it hears an ACK."""
        self._suspect()
        self._state = _State.IDLE
        return [Send(pn532.ACK)]

    def reset(self) -> None:
        """The wire is another one now."""
        self._parser.reset()
        self._state, self._suspects, self._slow_s = _State.IDLE, None, 0.0

    @property
    def _waits_for_silence(self) -> bool:
        return self._state is _State.BROKEN

    @property
    def _waits_for_answer(self) -> bool:
        return self._state in (_State.SENT, _State.TAKEN, _State.ASKED)

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` has something to do; None: never."""
        return None if self._state is _State.IDLE else max(0.0, self._due() - now)

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Bytes that came."""
        self._heard_at = now
        self._came += len(data)
        if self._waits_for_silence:
            self._until = min(now + QUIET_S, self._deadline)
            return []
        for frame in self._parser.feed(data):
            told = self._hear(frame, now)
            if told or self._waits_for_silence:
                self._parser.reset()  # what follows in the same breath belongs to nothing
                return told
        return []

    def timeout(self, now: float) -> list[Event]:
        """Nothing came for as long as `wait_s` said."""
        if self._state is _State.IDLE or now < self._due():
            return []
        if self._state is _State.ECHO:
            return self._ask_echo(now)
        if self._waits_for_silence or (self._parser.pending and now < self._until):
            return self._quiet(now)
        if self._state is _State.ASKED and self._nacks < NACKS:
            return self._nack(now)
        if self._once and self._state is not _State.SENT:
            return self._fail()
        return self._again(now)

    # --- sending ----------------------------------------------------------------------------------------------

    def _ack_s(self) -> float:
        return max(ACK_S, min(2 * self._slow_s, SLOWEST_S))

    def _due(self) -> float:
        if self._parser.pending and self._waits_for_answer:
            return min(self._until, self._heard_at + max(HALF_S, self._slow_s))
        return self._until

    def _send(self, now: float) -> list[Event]:
        self._parser.reset()
        self._tries += 1
        self._state, self._sent_at, self._until = _State.SENT, now, now + self._ack_s()
        self._nacks = self._came = 0
        self._taken = False
        return [Send(pn532.build(self._command))]

    def _again(self, now: float) -> list[Event]:
        """Send it once more: whatever answers from now on answers this exchange."""
        if self._tries >= (BLIND_TRIES if self._blind else TRIES):
            return self._fail()
        self.counters["retries"] += 1
        self._slow_s = max(self._slow_s, min(max(2 * self._slow_s, ACK_S / 2), GUESSED_S))
        told: list[Event] = [] if self._once else [Send(pn532.ACK)]
        return told + self._send(now)

    def _ask_echo(self, now: float) -> list[Event]:
        """Learn that nothing older is on its way. Any number of this round will do."""
        if len(self._echoes) >= ECHOES:
            return self._fail()
        if self._echoes:
            self.counters["retries"] += 1
        self._nonce = (self._nonce + 1) & 0xFFFFFFFF
        number = self._nonce.to_bytes(4, "big")
        self._echoes[number] = now
        if self._state is not _State.ECHO:
            self._parser.reset()
            self._state = _State.ECHO
        self._until = now + self._ack_s() * min(4, 2 ** (len(self._echoes) - 1))
        abort: list[Event] = [Send(pn532.ACK)] if len(self._echoes) > 1 or self._suspects is None else []
        return [*abort, Send(pn532.build(diagnose_line(number)))]

    def _nack(self, now: float) -> list[Event]:
        self._parser.reset()
        self._nacks += 1
        self.counters["nacks"] += 1
        self._state, self._until = _State.ASKED, now + self._ack_s()
        return [Send(pn532.NACK)]

    # --- hearing ----------------------------------------------------------------------------------------------

    def _hear(self, frame: Frame, now: float) -> list[Event]:
        match frame:
            case Data(pn532.TO_HOST, payload):
                return self._data(payload, now)
            case Ack() if self._state is _State.SENT:
                self._state, self._taken = _State.TAKEN, True
                self._slow_s = max(now - self._sent_at, 0.8 * self._slow_s)  # it may be an older one's ACK
                self._until = now + self._answer_s
            case Damaged():
                self.counters["damaged"] += 1
                if (
                    self._state is _State.ECHO
                ):  # any echo of this round will do, so another one costs nothing but time
                    self._until = min(self._until, now + QUIET_S)
                if self._waits_for_answer:
                    self._state, self._until, self._deadline = _State.BROKEN, now + QUIET_S, now + BABBLE_S
            case Refused() if self._waits_for_answer:
                self._reason = "refused"
                return self._fail() if self._once else self._again(now)
            case Nack() if self._state is _State.SENT:  # it has not got the command
                return self._again(now)
            case _:
                pass
        return []

    def _data(self, payload: bytes, now: float) -> list[Event]:
        if self._waits_for_answer and payload[0] == self._code:
            self._state = _State.IDLE
            self._suspects = None if self._blind else {self._code}
            return [Answer(payload)]
        if self._state is _State.ECHO and payload[0] == DIAGNOSE + 1 and payload[2:] in self._echoes:
            self.counters["echoes"] += 1
            self._suspects = {DIAGNOSE + 1}
            self._slow_s = min(now - self._echoes[payload[2:]], SLOWEST_S)
            return self._send(now)
        self.counters["stale"] += 1
        return []

    def _quiet(self, now: float) -> list[Event]:
        """The damage is over. Was it the ACK alone, then the answer is still to come; else it is asked for again."""
        if self._came <= ACK_SIZE and not self._taken:
            self._parser.reset()
            self._taken, self._state, self._until = True, _State.TAKEN, now + self._answer_s
            return []
        self._taken = True
        return self._nack(now) if self._nacks < NACKS else self._fail() if self._once else self._again(now)

    def _suspect(self) -> None:
        if self._suspects is not None:
            self._suspects = self._suspects | {self._code}

    def _fail(self) -> list[Event]:
        self._suspect()
        self._state = _State.IDLE
        self._parser.reset()
        return [Failed(self._reason)]
