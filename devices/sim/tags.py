"""Tags and phones to hold to a simulated reader: each answers the commands a real one answers, and is silent to the others."""

from __future__ import annotations

from dataclasses import replace

from devices.protocol import own_app, type4
from devices.protocol.tag_reading import Target

_OK, _NOT_FOUND, _NO_FILE, _WRONG_P1P2, _UNKNOWN = (
    bytes.fromhex(word) for word in ("9000", "6A82", "6A82", "6B00", "6D00")
)


class Card:
    """A card that is no tag: it has a number and nothing to say."""

    def __init__(self, uid: bytes, sel_res: int = 0x08, ats: bytes = b"") -> None:
        sens_res = bytes.fromhex("0044" if len(uid) == 7 else "0004")
        self.target = Target(uid, sens_res, sel_res, ats)

    def answer(self, data: bytes) -> bytes | None:
        """Its answer; None is silence."""
        return None

    def lose_field(self) -> None:
        """Its power is gone: a number that was made up is another one the next time."""
        if self.target.made_up:
            number = int.from_bytes(self.target.uid[1:], "big") + 1 & 0xFFFFFF
            self.target = replace(self.target, uid=b"\x08" + number.to_bytes(3, "big"))


class Type2Tag(Card):
    """An NTAG or Ultralight: `memory` from page 0 on; READ wraps round at its end, as theirs does."""

    def __init__(self, uid: bytes, memory: bytes) -> None:
        super().__init__(uid, sel_res=0x00)
        self.memory = memory

    @classmethod
    def with_message(cls, uid: bytes, message: bytes, before: bytes = b"", size: int = 144) -> Type2Tag:
        """A formatted tag with `size` bytes for data; `before` are TLV blocks ahead of the message's."""
        length = bytes([len(message)]) if len(message) < 255 else b"\xff" + len(message).to_bytes(2, "big")
        data = before + b"\x03" + length + message + b"\xfe"
        head = uid[:7].ljust(12, b"\x00") + bytes([0xE1, 0x10, size // 8, 0x00])
        return cls(uid, head + data[:size].ljust(size, b"\x00") + bytes(20))

    def answer(self, data: bytes) -> bytes | None:
        """READ; a NAK for pages it has not, which readers tell as silence or an error."""
        if len(data) != 2 or data[0] != 0x30 or data[1] * 4 >= len(self.memory):
            return None
        start = data[1] * 4
        return (self.memory[start:] + self.memory)[:16]


class Type4Tag(Card):
    """A card or phone that plays a Type 4 tag; `most_read` is its MLe, `aid` which mapping it speaks."""

    def __init__(
        self,
        uid: bytes,
        message: bytes,
        *,
        most_read: int = 59,
        aid: bytes = type4.AID_V2,
        extended: bool = False,
    ) -> None:
        super().__init__(uid, sel_res=0x20, ats=bytes.fromhex("0578807002"))
        self._aid, self._selected = aid, b""
        head = len(message).to_bytes(4 if extended else 2, "big")
        room = len(message) + len(head) + 32
        control = (
            b"\x05\x08\xe1\x04" + room.to_bytes(4, "big")
            if extended
            else b"\x04\x06\xe1\x04" + room.to_bytes(2, "big")
        )
        version = {True: 0x30, False: 0x20 if aid == type4.AID_V2 else 0x10}[extended]
        capability = bytes([version]) + most_read.to_bytes(2, "big") + b"\x00\xff" + control + b"\x00\xff"
        self.files = {
            type4.CAPABILITY_FILE: (len(capability) + 2).to_bytes(2, "big") + capability,
            bytes.fromhex("E104"): head + message + bytes(32),
        }

    def answer(self, data: bytes) -> bytes | None:
        """SELECT and READ BINARY."""
        if data[:4] == b"\x00\xa4\x04\x00":
            found = data[5 : 5 + data[4]] == self._aid
            self._selected = b""
            return _OK if found else _NOT_FOUND
        if data[:2] == b"\x00\xa4":
            self._selected = data[5:7]
            return _OK if self._selected in self.files else _NO_FILE
        if data[:2] == b"\x00\xb0" and len(data) == 5:
            file, at = self.files.get(self._selected, b""), int.from_bytes(data[2:4], "big")
            return file[at : at + (data[4] or 256)] + _OK if at < len(file) else _WRONG_P1P2
        return _UNKNOWN


class Phone(Type4Tag):
    """An Android phone with our application; without a `message` for tags it has no other."""

    def __init__(self, uid: bytes, content: bytes, message: bytes = b"") -> None:
        super().__init__(uid, message)
        self._content, self._plays_a_tag = content, bool(message)

    def answer(self, data: bytes) -> bytes | None:
        """Our application's two commands, and a tag's where it plays one."""
        if data == own_app.select(own_app.AID):
            return bytes([own_app.VERSION]) + _OK
        if data == own_app.GET_MESSAGE:
            return bytes([own_app.VERSION]) + self._content + _OK
        return super().answer(data) if self._plays_a_tag else _NOT_FOUND
