"""An ESC/POS receipt printer: answers real-time status while it prints, keeps what came out as text."""

from __future__ import annotations

from pathlib import Path

from devices.sim.wire import Wire

# Commands that carry arguments: prefix -> how many bytes follow it.
_ARGUMENTS = {
    b"\x1b@": 0, b"\x1bt": 1, b"\x1ba": 1, b"\x1bE": 1, b"\x1d!": 1, b"\x1b!": 1, b"\x1bd": 1, b"\x1dV\x42": 1, b"\x1dV\x00": 0,
}  # fmt: skip


class SimPrinter:
    """The printer. `state` is ok | paper-out | cover-open; paper-out and cover-open stop it in the middle of a job."""

    def __init__(self, link: Path) -> None:
        self.state = "ok"
        self.receipts: list[str] = []
        self._paper: list[str] = []
        self._buffer = bytearray()
        self.wire = Wire(link, self._hear)
        self.wire.plug()

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def _hear(self, data: bytes) -> bytes:
        self._buffer += data
        reply = bytearray()
        while self._step(reply):
            pass
        return bytes(reply)

    def _step(self, reply: bytearray) -> bool:
        """Do the buffer's first command; False where it is not whole yet."""
        buffer = self._buffer
        if not buffer:
            return False
        if buffer[0] == 0x10:
            return self._status(reply)
        if buffer[0] in (0x1B, 0x1D):
            return self._command()
        end = next((i for i, byte in enumerate(buffer) if byte in (0x0A, 0x10, 0x1B, 0x1D)), -1)
        if end < 0:
            return False
        line = bytes(buffer[:end])
        del buffer[: end + (buffer[end] == 0x0A)]
        if self.state == "ok":
            self._paper.append(line.decode("cp858", "replace"))
        return True

    def _status(self, reply: bytearray) -> bool:
        if len(self._buffer) < 3:
            return False
        question = self._buffer[2]
        del self._buffer[:3]
        paper_out, cover_open = self.state == "paper-out", self.state == "cover-open"
        if question == 2:
            reply.append(0x12 | (0x04 if cover_open else 0) | (0x20 if paper_out else 0))
        elif question == 4:
            reply.append(0x12 | (0x60 if paper_out else 0))
        else:
            reply.append(0x12)
        return True

    def _command(self) -> bool:
        buffer = self._buffer
        if buffer[:4] == b"\x1dv0\x00":
            return self._picture()
        if buffer[:2] == b"\x1dV" and len(buffer) >= 3:
            size = 4 if buffer[2] in (0x41, 0x42) else 3
            if len(buffer) < size:
                return False
            del buffer[:size]
            self._cut()
            return True
        if b"\x1dv0\x00".startswith(bytes(buffer[:4])) or len(buffer) < 2:
            return False
        size = 2 + _ARGUMENTS.get(bytes(buffer[:2]), 0)
        if len(buffer) < size:
            return False
        del buffer[:size]
        return True

    def _picture(self) -> bool:
        if len(self._buffer) < 8:
            return False
        stride = int.from_bytes(self._buffer[4:6], "little")
        rows = int.from_bytes(self._buffer[6:8], "little")
        if len(self._buffer) < 8 + stride * rows:
            return False
        del self._buffer[: 8 + stride * rows]
        if self.state == "ok":
            self._paper.append(f"[picture {stride * 8} x {rows} dots]")
        return True

    def _cut(self) -> None:
        if self.state == "ok" and self._paper:
            self.receipts.append("\n".join(self._paper))
            del self.receipts[:-20]
        self._paper = []
