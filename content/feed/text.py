"""The text of a feed: its encoding found out rather than guessed, its lines read without trusting their length."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from content.feed.problems import FeedError

LONGEST_LINE: Final = 256 * 1024  # characters
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 4 << 20  # bytes looked at to tell one encoding from another

# Usual Chinese characters and punctuation in GB18030 are pairs of bytes that begin with A1-A3 or B0-D7 (GB 2312, level
# 1). Western text has such bytes too, but alone or beside small letters (E0 and up).
_RUN: Final = re.compile(rb"[\x80-\xff]+")
_LEADS: Final = frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xD8)])


class Encoding(Struct, frozen=True):
    """How to decode a file, and what to tell about it ("" where it is UTF-8 and nothing needs telling)."""

    name: str
    note: str = ""


def encoding_of(path: Path) -> Encoding:
    """UTF-8 (with or without BOM), UTF-16 with BOM, else GB18030 or Windows-1252 (Latin-1). Raises FeedError."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                return Encoding(
                    "utf-16", f"{path.name} is UTF-16, as spreadsheets save it; UTF-8 is the usual"
                )
            file.seek(0)
            fault = _not_utf8(file)
            if fault is None:
                return Encoding("utf-8-sig")
            file.seek(0)
            return _other(path, file.read(_SAMPLE), fault)
    except OSError as error:
        raise FeedError(f"{path}: cannot be read: {error.strerror or error}") from error


def _not_utf8(file: IO[bytes]) -> tuple[int, int] | None:
    """Line and byte of the first place that is not UTF-8, None where there is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    while True:
        chunk = file.read(_CHUNK)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n"), error.object[error.start]
        if not chunk:
            return None
        line += chunk.count(b"\n")


def _other(path: Path, sample: bytes, fault: tuple[int, int]) -> Encoding:
    line, byte = fault
    said = f"{path.name} is not UTF-8 (byte {byte:#04x} in line {line})"
    runs = _RUN.findall(sample)
    chinese = sum(2 for run in runs if len(run) % 2 == 0 for lead in run[::2] if lead in _LEADS)
    likely_chinese = chinese * 2 > sum(map(len, runs))
    names = ["gb18030", "cp1252"] if likely_chinese else ["cp1252", "gb18030"]
    for name in names:
        if _decodes(path, name):
            spoken = {"cp1252": "Windows-1252 (Latin-1)", "gb18030": "GB18030"}[name]
            return Encoding(name, f"{said}: read as {spoken}; check the names, or save it as UTF-8")
    raise FeedError(f"{path}: expected UTF-8 text, found byte {byte:#04x} in line {line}")


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def lines(path: Path, encoding: str) -> Generator[tuple[int, str | None]]:
    """The lines of a file with their numbers from 1, without their ends; None for one beyond LONGEST_LINE."""
    number = 0
    with path.open("r", encoding=encoding, newline="") as file:
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                while len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                    line = file.readline(LONGEST_LINE)
                yield number, None
            else:
                yield number, line.rstrip("\r\n")
