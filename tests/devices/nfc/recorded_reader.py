"""A reader that answers as one in the field was recorded to, towards a host that counts bSeq.

The recorded hosts sent bSeq 0 each time and read once after each question. What a log leaves open, and is therefore tried each way:
under which bSeq a reply goes out to a host that counts (`seq`), and whether what the reader owed came by itself (`owes`).
"""

from __future__ import annotations

import json
from pathlib import Path

from devices.sim.acr122 import Acr122Core, Firmware

_DATA = json.loads((Path(__file__).parents[2] / "data" / "acr122" / "traces.json").read_text())
# To which question each recorded reply is the answer: read off the logs, where a reply is the one before or the next one's.
BELONGS: dict[str, tuple[int | None, ...]] = {
    "nfcpy167_fw215_stale": (0, 0, 1, None),
    "nfcpy200_fw216_stale": (0, 0, 1, 2),
    "nfcpy105_fw215_no_card": (0, 1, 2, 3),
    "nfcpy154_fw216_ok": (0, 1, 2, 3),
    "nfcpy_tests": (0, 1, 2, 3),
    "libnfc666_off_by_one": (0, 0, 1),
}
SEQ = ("its question's", "the last question's", "always 0")
OWES = ("by itself", "after the next question")


class RecordedReader(Acr122Core):
    """Plays a log as long as the host asks what was asked then, and goes on as that firmware would."""

    def __init__(self, name: str, seq: str, owes: str) -> None:
        number = name.split("_fw")[1][:3] if "_fw" in name else "203"
        super().__init__(Firmware(number))
        self._seq, self._owes = seq, owes
        self._log = [
            (bytes.fromhex(tx), bytes.fromhex(rx) if rx else b"") for tx, rx in _DATA[name]["exchange"]
        ]
        self._belongs = BELONGS[name]
        self._asked: list[int] = []  # bSeq of each question
        self._truths: list[bytes] = []  # the right answer to each
        self._behind = False
        self.played = 0

    @property
    def questions(self) -> list[bytes]:
        """What the recorded host asked, as pseudo-APDUs."""
        return [tx[10:] for tx, _ in self._log]

    def handle(self, message: bytes) -> list[bytes]:
        truths = super().handle(message)
        if not truths:
            return []
        number = len(self._asked)
        self._asked.append(message[6])
        self._truths.append(self._truth(number, message, truths[0]))
        if not self._played(number, message):
            if self._behind and self._owes == "after the next question":
                return [self._sent(self._truths[-2], number - 1)]
            return [self._sent(self._truths[-1], number)]
        self.played += 1
        to = self._belongs[number]
        if to == number:
            return [self._sent(self._truths[-1], number)]
        first, self._behind = not self._behind, True
        if self._owes == "after the next question":
            return [] if to is None else [self._sent(self._truths[to], to)]
        mine = self._sent(self._truths[-1], number)
        return [self._sent(self._truths[number - 1], number - 1), mine] if first else [mine]

    def _truth(self, number: int, message: bytes, computed: bytes) -> bytes:
        """The right answer: the recorded one where the log has it, whenever it came."""
        if self._played(number, message) and number in self._belongs:
            return self._log[self._belongs.index(number)][1]
        return computed

    def _played(self, number: int, message: bytes) -> bool:
        if number != self.played or number >= len(self._log):
            return False
        recorded = self._log[number][0]
        return message[0] == recorded[0] and message[10:] == recorded[10:]

    def _sent(self, reply: bytes, to: int) -> bytes:
        seq = {"always 0": 0, "its question's": self._asked[to], "the last question's": self._asked[-1]}[
            self._seq
        ]
        return reply[:6] + bytes([seq]) + reply[7:]
