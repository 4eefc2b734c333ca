"""The JSON Schema of a content folder's files, made from the records that read them.

    python -m content.authored.schema > docs/content.schema.json

Editors check TOML with it while somebody types. What holds between files only `endcap content check` can say.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import msgspec

from content.authored.adverts import ADVERTS, AdvertsFile
from content.authored.checks import GROUPS, MERCHANTS, PRICES, STORE, WALLS
from content.authored.dayparts import DAYPARTS, DaypartsFile
from content.authored.files import GroupsFile, MerchantsFile, PricesFile, WallsFile
from content.authored.offers import OFFERS, OffersFile
from content.authored.themes import THEMES, ThemesFile
from content.store_file import StoreFile

FILES: Final[dict[str, Any]] = {
    STORE: StoreFile, GROUPS: GroupsFile, MERCHANTS: MerchantsFile, PRICES: PricesFile, WALLS: WallsFile,
    DAYPARTS: DaypartsFile, OFFERS: OffersFile, THEMES: ThemesFile, ADVERTS: AdvertsFile,
}  # fmt: skip


def schema() -> dict[str, Any]:
    """One schema (JSON Schema 2020-12) for a folder as an object of its files; each file's is at `#/properties/NAME`."""
    tops, parts = msgspec.json.schema_components(FILES.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The files of an Endcap content folder",
        "type": "object",
        "properties": dict(zip(FILES, tops, strict=True)),
        "required": [STORE],
        "$defs": dict(sorted(parts.items())),
    }


def text() -> str:
    """The schema as it lies in docs/."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=1).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
