"""Pages that are the same for everybody who asks alike: drawn once, compressed once, forgotten when they may change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from fleet.web.wire import Kept

MOST_BYTES: Final = 24 * 1024 * 1024  # of pages; some 1,500, in three codings each
LONGEST_MS: Final = 300_000


class KeptPages:
    """The pages asked for last. Every method may be called from any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._bytes = 0
        self.hits = self.misses = 0

    def get(self, key: Hashable, now_ms: int) -> Kept | None:
        """The page of a key, None where there is none or it may have changed."""
        with self._lock:
            found = self._pages.get(key)
            if found is None or now_ms >= found[1]:
                self.misses += 1
                return None
            self._pages.move_to_end(key)
            self.hits += 1
            return found[0]

    def put(self, key: Hashable, page: Kept, now_ms: int, until_ms: int | None) -> None:
        """Keep a page until a moment (None: as long as any)."""
        end = min(now_ms + LONGEST_MS, until_ms) if until_ms is not None else now_ms + LONGEST_MS
        with self._lock:
            before = self._pages.pop(key, None)
            self._bytes += _cost(page) - (_cost(before[0]) if before else 0)
            self._pages[key] = (page, end)
            while self._bytes > self._most and self._pages:
                _, (gone, _) = self._pages.popitem(last=False)
                self._bytes -= _cost(gone)


def _cost(page: Kept) -> int:
    """Bytes, its compressed forms included: about two fifths of the page together."""
    return page.length * 7 // 5 + 1024
