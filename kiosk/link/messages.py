"""What goes over the link's socket beside views and intents: questions with their answers, and what a screen is told to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.link.link import Drawn, OnPicture
from kiosk.views import FacingsPage, Intent, Shop, View

LINE_UP = 64 * 1024  # bytes of the longest line a screen may send; an intent has some hundred
LINE_DOWN = (
    4 * 1024 * 1024
)  # bytes of the longest line an agent may send; MAX_FACINGS facings have some 400 KiB
PIECE: Final = 32 * 1024  # bytes of a picture in one line: base64 makes a third more of it
MAX_PICTURE: Final = 2 * 1024 * 1024


class Query(Struct, frozen=True, tag="query"):
    """Screen to agent: which facings stand at `start`..`stop` of an aisle?"""

    id: int
    aisle: str
    language: str
    start: int
    stop: int


class Answer(Struct, frozen=True, tag="answer"):
    """Agent to screen: the page that was asked for, or why there is none."""

    id: int
    page: FacingsPage | None
    error: str = ""


class PictureWanted(Struct, frozen=True, tag="picture-wanted"):
    """Agent to screen: what is on the glass now?"""

    id: int


class PicturePiece(Struct, frozen=True, tag="picture"):
    """Screen to agent: a piece of it; `last` is the last one. `why`: a key, where there is no picture."""

    id: int
    data: bytes = b""
    last: bool = True
    why: str = ""


class Leave(Struct, frozen=True, tag="leave"):
    """Agent to screen: end; whoever watches over the screen starts it again."""


Up = Intent | Query | PicturePiece | Drawn
Down = Shop | View | Answer | PictureWanted | Leave
read_up = msgspec.json.Decoder(Up).decode
read_down = msgspec.json.Decoder(Down).decode


def pieces(number: int, webp: bytes, why: str) -> Iterator[PicturePiece]:
    """A picture as lines short enough for the link; one that is too large is said not to be there."""
    if len(webp) > MAX_PICTURE:
        webp, why = b"", "too-large"
    starts = range(0, len(webp), PIECE) or range(1)
    for start in starts:
        yield PicturePiece(number, webp[start : start + PIECE], start == starts[-1], why)


class Pictures:
    """Pictures a screen was asked for and owes. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._wanted: dict[int, OnPicture] = {}
        self._come = bytearray()

    def ask(self, answer: OnPicture) -> PictureWanted:
        """The question; `answer` is called once. One that is still open is given up: nobody needs two at a time."""
        with self._lock:
            left, self._wanted = self._wanted, {}
            self._number += 1
            self._wanted[self._number] = answer
            self._come.clear()
            wanted = PictureWanted(self._number)
        for each in left.values():
            each(b"", "another")
        return wanted

    def heard(self, piece: PicturePiece) -> None:
        """A piece came; with the last one the question is answered. What nobody asked for is dropped."""
        with self._lock:
            if piece.id not in self._wanted:
                return
            self._come += piece.data
            if not piece.last and len(self._come) <= MAX_PICTURE:
                return
            answer, picture = self._wanted.pop(piece.id), bytes(self._come)
            self._come.clear()
        fits = len(picture) <= MAX_PICTURE
        answer(picture if fits and not piece.why else b"", piece.why if fits else "too-large")

    def gone(self) -> None:
        """The screen is gone: nothing will come."""
        with self._lock:
            left, self._wanted = self._wanted, {}
        for each in left.values():
            each(b"", "no-screen")
