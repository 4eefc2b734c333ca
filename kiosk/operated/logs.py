"""What the kiosk's programs have logged, for whoever looks after it: from systemd's journal, else from memory.

Secrets and what is somebody's own are struck out before it leaves: claim and basket codes, card tokens, keys, passwords,
what addresses carry behind their "?". Rather a word too many than a code too few.
"""

from __future__ import annotations

import gzip
import logging
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

RING_BYTES: Final = 1024 * 1024
MOST_BYTES: Final = 8 * 1024 * 1024  # of text; the latest stay
MOST_PACKED: Final = 1024 * 1024
JOURNAL: Final = (
    "journalctl",
    "--no-pager",
    "--quiet",
    "--output=short-iso",
    "--unit=endcap-agent",
    "--unit=endcap-ui",
)
JOURNAL_S: Final = 20.0
_CROCKFORD: Final = "0-9A-HJKMNP-TV-Z"
PIECE: Final = (
    16 * 1024
)  # characters looked at in one go: re keeps all other threads waiting, 10 ms for so many on a Pi
_BLOCK: Final = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
# Each takes time in proportion to the text, whatever it is: strangers can have words of theirs logged.
_STRUCK: Final = (
    (re.compile(rf"\b[{_CROCKFORD}]{{4}}[- ][{_CROCKFORD}]{{4}}\b"), "[code]"),
    (re.compile(rf"\b[{_CROCKFORD}]{{3}}-[{_CROCKFORD}]{{3}}\b"), "[code]"),
    (re.compile(r"(?i)\b(password|passwd|secret|token|api[_-]?key|authorization|bearer)\b(\"?\s{0,8}[=:]?\s{0,8}\"?)(?:(?:bearer|basic)\s{1,8})?[^\s\"',;}]+"), r"\1\2[secret]"),
    (re.compile(r"\b[0-9A-Fa-f]{16,}\b"), "[key]"),
    (re.compile(r"(https?://[^\s?#\"']*+)(?:([?#])[^\s\"']*+)?", re.IGNORECASE), lambda found: found[1] + ("?[...]" if found[2] else "")),
    (re.compile(r"\b[A-Za-z0-9_-]{40,}\b"), "[key]"),
)  # fmt: skip


def scrub(text: str) -> str:
    """A log without what must not leave the kiosk. Lines are looked at a few at a time, so that the wall goes on."""
    return "".join(map(_struck, pieces(_BLOCK.sub("[key]", text))))


def pieces(text: str) -> Iterator[str]:
    """A text in whole lines, PIECE characters or a little more of them at a time."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


def _struck(text: str) -> str:
    for pattern, instead in _STRUCK:
        text = pattern.sub(instead, text)
    return text


class Ring(logging.Handler):
    """The latest of this process's log, as far as RING_BYTES reach."""

    def __init__(self, most: int = RING_BYTES) -> None:
        super().__init__()
        self._most, self._size = most, 0
        self._lines: deque[tuple[float, str]] = deque()
        self._guard = threading.Lock()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        try:
            line = self.format(record)[:8192]
        except Exception:  # noqa: BLE001 - as every handler of logging does: a bad record costs itself alone
            self.handleError(record)
            return
        with self._guard:
            self._lines.append((record.created, line))
            self._size += len(line)
            while self._size > self._most:
                self._size -= len(self._lines.popleft()[1])

    def since(self, unix_s: float) -> str:
        """What was logged since then."""
        with self._guard:
            lines = [line for created, line in self._lines if created >= unix_s]
        return "\n".join(lines)


RING: Final = Ring()


def keep_log() -> None:
    """Keep this process's log in memory from now on; saying it twice is saying it once."""
    logging.getLogger().addHandler(RING)


def collected(minutes: int, journal: Sequence[str] | None = JOURNAL, ring: Ring = RING) -> bytes:
    """The log of the last minutes, scrubbed and packed (gzip), at most MOST_PACKED: where that is too much the latest."""
    text = _from_journal(minutes, journal) if journal else ""
    if not text.strip():
        text = ring.since(time.time() - minutes * 60)
    text = scrub(text[-MOST_BYTES:])
    while True:
        packed = gzip.compress(text.encode(), mtime=0)
        if len(packed) <= MOST_PACKED:
            return packed
        text = text[len(text) // 3 :]


def _from_journal(minutes: int, journal: Iterable[str]) -> str:
    try:
        done = subprocess.run(
            [*journal, f"--since=-{minutes}min"], capture_output=True, timeout=JOURNAL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout[-MOST_BYTES:].decode("utf-8", "replace") if done.returncode == 0 else ""
