"""Keyboard wedges: key events of the kernel's evdev in, codes out.

A wedge types a code as a person would, in the layout it is set up for. Held Shift and AltGr, Caps Lock, dead keys, control
characters (Ctrl-] is GS), the number pad and Alt with digits are followed. A code ends at Enter, unless keys follow
at once, for a QR code may hold line ends; or at a pause. Pauses are measured between the kernel's own time stamps.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.protocol.aim import split
from devices.protocol.hidpos import Message
from devices.protocol.key_layouts import (
    ALTGR,
    ALTGR_SHIFT,
    COMBINING,
    NUMBER_PAD,
    PLAIN,
    SHIFT,
    US,
    KeyLayout,
)

RECORD = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
SYN, KEY, DROPPED = 0, 1, 3  # event types, and the code of a SYN that says the kernel has thrown events away
UP, DOWN = 0, 1  # values of a key event; 2 is its repetition

ENTER, KEYPAD_ENTER, TAB, CAPS_LOCK, F8 = 28, 96, 15, 58, 66
SHIFTS, CONTROLS, ALT, ALTGR_KEY = {42, 54}, {29, 97}, 56, 100

GAP_S = 0.1  # silence that ends a code; a wedge on a slow port needs some 20 ms for a key
ENTER_S = 0.05  # silence that makes an Enter the end
MOST = 8192  # characters of one code


@dataclass(slots=True)
class _Held:
    """What is held down, and what waits for the next key."""

    keys: set[int] = field(default_factory=set)
    caps: bool = False
    dead: str = ""
    number: str = ""  # digits typed while Alt is held

    @property
    def level(self) -> int:
        shift = bool(self.keys & SHIFTS)
        if ALTGR_KEY in self.keys or (
            ALT in self.keys and self.keys & CONTROLS
        ):  # Windows takes both for AltGr
            return ALTGR_SHIFT if shift else ALTGR
        return SHIFT if shift else PLAIN


class WedgeParser:
    """Feed what an evdev node says (devices.transport.evdev); codes come out. `gs_keys` are keys that stand for GS."""

    def __init__(
        self,
        layout: KeyLayout = US,
        gap_s: float = GAP_S,
        enter_s: float = ENTER_S,
        gs_keys: frozenset[int] = frozenset({F8}),
    ) -> None:
        self._layout, self._gap_s, self._enter_s, self._gs_keys = layout, gap_s, enter_s, gs_keys
        self._held = _Held()
        self._text: list[str] = []
        self._entered = False  # the last key was Enter
        self._skipping = False
        self._stamp: float | None = None  # of the last event
        self._due = 0.0
        self.unknown = 0  # keys that type nothing in this layout
        self.dropped = 0  # codes that were too long, or that the kernel has lost keys of

    def feed(self, data: bytes, now: float) -> list[Message]:
        """Records read at `now` (monotonic seconds); returns what they completed."""
        done: list[Message] = []
        for stamp, kind, code, value in _records(data):
            if self._stamp is not None and abs(stamp - self._stamp) >= self._pause:
                done += self._end()
            self._stamp = stamp
            if (kind, code) == (SYN, DROPPED):
                self._lose()
            elif kind == KEY:
                self._key(code, value)
        self._due = now + self._pause
        return done

    def timeout(self, now: float) -> list[Message]:
        """What silence until `now` has completed; to be called after a read that waited in vain."""
        return self._end() if now >= self._due else []

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun."""
        return max(0.0, self._due - now) if self._begun else None

    def reset(self) -> None:
        """Forget what was begun and what is held: the device is gone."""
        self._held, self._stamp, self._skipping, self._entered = _Held(), None, False, False
        self._text.clear()

    @property
    def _begun(self) -> bool:
        return bool(self._text) or self._entered or self._skipping

    @property
    def _pause(self) -> float:
        return self._enter_s if self._entered else self._gap_s

    def _key(self, code: int, value: int) -> None:
        held = self._held
        if value == UP:
            held.keys.discard(code)
            if code == ALT and held.number:
                self._type(_by_number(held.number))
                held.number = ""
        elif value == DOWN:
            if code in SHIFTS or code in CONTROLS or code in (ALT, ALTGR_KEY):
                held.keys.add(code)
            elif code == CAPS_LOCK:
                held.caps = not held.caps
            elif code in (ENTER, KEYPAD_ENTER):
                self._enter()
            else:
                self._press(code)

    def _enter(self) -> None:
        if self._entered:
            self._append("\n")
        self._entered = True

    def _press(self, code: int) -> None:
        held = self._held
        if ALT in held.keys and code in NUMBER_PAD and NUMBER_PAD[code].isdigit():
            held.number = (held.number + NUMBER_PAD[code])[-6:]
            return
        typed, dead = self._character(code)
        if not typed:
            self.unknown += 1
        elif dead and not held.dead:
            held.dead = typed
        else:
            self._type(_over(held.dead, typed) if held.dead else typed)
            held.dead = ""

    def _character(self, code: int) -> tuple[str, bool]:
        """What a key types now, "" for nothing, and whether it is a dead key."""
        held = self._held
        if code in self._gs_keys:
            return "\x1d", False
        if held.keys & CONTROLS and ALT not in held.keys:
            return self._control(code), False
        if code in NUMBER_PAD:
            return NUMBER_PAD[code], False
        if code == TAB:
            return "\t", False
        typed = self._layout.keys.get((code, held.level), "")
        if held.caps and typed.isalpha() and len(typed.swapcase()) == 1:
            typed = typed.swapcase()
        return typed, (code, held.level) in self._layout.dead

    def _control(self, code: int) -> str:
        """The control character of a key held with Ctrl: letters by the layout, the rest by their place on a US board."""
        letter = self._layout.keys.get((code, PLAIN), "")
        if letter.isascii() and letter.isalpha():
            return chr(ord(letter) & 0x1F)
        for level in (self._held.level, PLAIN):
            sign = US.keys.get((code, level), "")
            if sign and sign in "@[\\]^_":
                return chr(ord(sign) & 0x1F)
        return ""

    def _type(self, text: str) -> None:
        if self._entered:  # it was no end
            self._entered = False
            self._append("\n")
        self._append(text)

    def _append(self, text: str) -> None:
        self._text.append(text)
        if len(self._text) > MOST:
            self._skipping = True
            self._text.clear()

    def _lose(self) -> None:
        """The kernel's buffer has overflowed: what was begun is spoilt, and nobody knows what is held."""
        self._skipping = True
        self._text.clear()
        self._held = _Held()

    def _end(self) -> list[Message]:
        text = "".join(self._text) + self._held.dead
        skipped, self._skipping, self._entered = self._skipping, False, False
        self._text.clear()
        self._held = _Held()  # nothing is held through a pause; what seems so was let go unheard
        if skipped:
            self.dropped += 1
        if skipped or not text:
            return []
        aim, rest = split(text)
        return [Message(rest.encode(), rest, aim)] if rest else []


def _records(data: bytes) -> Iterator[tuple[float, int, int, int]]:
    """Time stamp in seconds, type, code and value of whole records; what is left over is none."""
    whole = len(data) - len(data) % RECORD.size
    for seconds, microseconds, kind, code, value in RECORD.iter_unpack(data[:whole]):
        yield seconds + microseconds / 1e6, kind, code, value


def _over(dead: str, typed: str) -> str:
    """A dead key and what was typed after it."""
    if typed == " ":
        return dead
    one = unicodedata.normalize("NFC", typed + COMBINING[dead])
    return one if len(one) == 1 else dead + typed


def _by_number(digits: str) -> str:
    """Alt and digits, as Windows has it: with a leading 0 the ANSI code page, else the OEM one, above 255 Unicode."""
    number = int(digits)
    if number < 32 or number == 127:
        return chr(number)
    if number < 256:
        return bytes([number]).decode("cp1252" if digits[0] == "0" else "cp437", "replace")
    return chr(number) if number < 0xD800 or 0xE000 <= number <= 0x10FFFF else "\ufffd"
