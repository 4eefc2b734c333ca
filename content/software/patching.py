"""One file made of another and a patch: zstd with the other as its dictionary, as `zstd --patch-from` does it.

Who applies a patch has to hold the base, the result and zstd's window in memory: that is bounded by MOST before anything
is begun. Whether the result is right is said by its hash, which is signed, and by nothing else.
"""

from __future__ import annotations

import hashlib
from typing import Final

import zstandard

from content.release.manifest import BadRelease

MOST: Final = 64 << 20  # bytes of base and result together; files beyond that are fetched whole
WORTH: Final = 0.6  # of the whole file's bytes; a larger patch is not published
_LEAST_LOG, _MOST_LOG = 16, 26
_TABLE: Final = 24


def make_patch(base: bytes, new: bytes) -> bytes | None:
    """A patch that makes `new` of `base`; None where the two are too large for a kiosk's memory.

    Greedy search with a hash table as large as the two: zstd's own levels, and its long-distance matching, do not index
    a dictionary of 20 MB (measured: 18.9 MB of patch; 4.9 kB so, where `zstd --patch-from` makes 5.2).
    """
    both = len(base) + len(new)
    if both > MOST:
        return None
    log = min(max(both.bit_length(), _LEAST_LOG), _MOST_LOG)
    parameters = zstandard.ZstdCompressionParameters(
        window_log=log, hash_log=min(log, _TABLE), chain_log=min(log, _TABLE), search_log=2, min_match=6,
        strategy=zstandard.STRATEGY_GREEDY,
    )  # fmt: skip
    made = zstandard.ZstdCompressor(dict_data=_dictionary(base), compression_params=parameters).compress(new)
    return bytes(made)


def apply_patch(base: bytes, patch: bytes, size: int, sha256: str) -> bytes:
    """The file that was meant: `size` bytes with this hash. Raises BadRelease where that is not what comes out."""
    if len(base) + size > MOST:
        raise BadRelease(f"patch: {len(base)} and {size} bytes, expected at most {MOST} together")
    try:
        reader = zstandard.ZstdDecompressor(
            dict_data=_dictionary(base), max_window_size=1 << _MOST_LOG
        ).stream_reader(patch)
        made = bytearray()
        while len(made) <= size and (piece := reader.read(min(1 << 20, size + 1 - len(made)))):
            made += piece
    except (zstandard.ZstdError, MemoryError) as error:
        raise BadRelease(f"patch: cannot be applied ({type(error).__name__}: {error})") from None
    if len(made) != size or hashlib.sha256(made).hexdigest() != sha256:
        raise BadRelease(f"patch: makes another file of {len(made)} bytes, expected {size}")
    return bytes(made)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
