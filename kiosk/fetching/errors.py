"""Why a fetch ended without a release: a closed list of keys, which travel to the fleet and into people's hands."""

from __future__ import annotations

from typing import Final, Literal

Reason = Literal[
    "no-source",  # nobody answers: no network, no stick, a server that is down
    "missing",  # a source answers, and has not what the signed metadata name
    "slow",  # less than the slowest rate, or not whole by its deadline
    "not-http",  # what came is no HTTP answer a static file could have
    "redirected",  # elsewhere than to the same server
    "too-large",  # more bytes than the signed metadata allow
    "cut-off",  # fewer bytes than were announced
    "wrong-bytes",  # the bytes are not those that were signed
    "unsigned",  # too few good signatures of keys that may sign
    "rolled-back",  # older than what this kiosk has already seen
    "expired",  # signed too long ago: somebody may be holding back what is new
    "mixed",  # parts of different states of the repository
    "not-metadata",  # not readable as what it should be
    "bad-release",  # signed, and not a release this program can use
    "unknown",  # no release of that name is signed
    "no-space",  # the disk is full, or the release is larger than this kiosk may keep
    "not-now",  # outside the hours for fetching
    "metered",  # more than may come over a line that costs by the byte
    "stopped",  # the program ends
    "disk",  # the disk does not write or read
]
REASONS: Final[frozenset[str]] = frozenset(Reason.__args__)  # type: ignore[attr-defined]

# With these the next source may do better; the others are the same whoever is asked.
OF_THE_SOURCE: Final[frozenset[str]] = frozenset(
    ("no-source", "missing", "slow", "not-http", "redirected", "too-large", "cut-off", "wrong-bytes", "unsigned",
     "rolled-back", "expired", "mixed", "not-metadata", "metered")
)  # fmt: skip


class FetchError(Exception):
    """A fetch, or a part of it, came to nothing. `reason` is a key of Reason, `detail` one line for people."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
