"""What is to be written to a printer, whether the printer takes it, and how much of it may still stand in its buffer."""

from __future__ import annotations


class Outbox:
    """Bytes in the order they are to go out. Times in seconds, of any clock that does not go back."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._moved = 0.0  # when the printer last took a byte, or had nothing to take
        self.stalled = False  # that it takes nothing was seen to; the next byte taken ends it
        self.standing = 0  # bytes taken since the printer last proved that it works through them

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes, now: float) -> None:
        """Write this after what waits."""
        if not self._data:
            self._moved = now
        self._data += data

    def instead(self, data: bytes) -> None:
        """Write this, and never what waits."""
        self._data[:] = data

    def first(self, size: int = 4096) -> bytes:
        """What is to be written now."""
        return bytes(self._data[:size])

    def sent(self, count: int, now: float) -> None:
        """So many bytes were taken by the line."""
        del self._data[:count]
        self.standing += count
        if count:
            self._moved, self.stalled = now, False

    def still_s(self, now: float) -> float:
        """Seconds since the printer last took a byte."""
        return now - self._moved

    def worked_through(self) -> None:
        """The printer has shown that nothing of what it took stands in its buffer."""
        self.standing = 0
