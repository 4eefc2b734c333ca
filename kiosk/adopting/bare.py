"""What a kiosk shows that holds no content at all: a closed wall that says so. No operator's prices can be in our package."""

from __future__ import annotations

from typing import Final

from content.memory import MemoryStore
from content.model import Language, Store

BARE: Final = "no-content"  # the reason of a closed wall (kiosk.ui's words have it as closed.no-content)
LANGUAGES: Final = (
    Language("en", "English"), Language("zh", "中文"), Language("ar", "العربية"), Language("de", "Deutsch"),
)  # fmt: skip


def bare_store() -> MemoryStore:
    """A store with nothing in it."""
    return MemoryStore(
        Store(key="endcap", names={"en": "Endcap"}, currency="EUR", languages=LANGUAGES, aisles=()), ()
    )


def is_bare(store: Store) -> bool:
    """Whether there is nothing to sell."""
    return not any(aisle.count for aisle in store.aisles)
