"""ISO 14443-4 blocks, for hosts that do without the chip's own: nfcpy activates cards and sends blocks by itself."""

from __future__ import annotations

from devices.sim.tags import Card

_CHAINED, _NUMBER = 0x10, 0x01


class IsoDepCard:
    """A card spoken to in blocks: its own number counts, commands may be chained; its answers fit one block."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._begun = bytearray()
        self._last = b""

    def answer(self, block: bytes) -> bytes | None:
        """The block that answers one of the reader's; None is silence."""
        if not block:
            return None
        pcb, content = block[0], block[1:]
        if block[0] == 0xE0:  # RATS
            return self._card.target.ats
        if pcb & 0xE2 == 0x02:
            self._last = self._information(pcb, content)
            return self._last or None
        if pcb & 0xE6 == 0xA2:  # R(ACK) and R(NAK): again, or "still there"
            return (
                self._last
                if self._last and not (self._last[0] ^ pcb) & _NUMBER
                else bytes([0xA2 | pcb & _NUMBER])
            )
        return block if pcb & 0xF7 == 0xC2 else None  # S(DESELECT)

    def _information(self, pcb: int, content: bytes) -> bytes:
        self._begun += content
        if pcb & _CHAINED:
            return bytes([0xA2 | pcb & _NUMBER])
        command, self._begun = bytes(self._begun), bytearray()
        answer = self._card.answer(command)
        return b"" if answer is None else bytes([0x02 | pcb & _NUMBER]) + answer
