"""A page of a wall as a shot for the screen program."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from kiosk.preview.drawing import Shot
from kiosk.preview.walls import Glass
from kiosk.views import View

_COLUMNS: Final = 16  # no wall has more


def wall_shot(glass: Glass, view: View, aisle: str, offset: int, span: range, at: int, language: str) -> Shot:
    """A page of an aisle. What lies a row before or behind is half on the glass, so it is told too."""
    around = range(max(0, span.start - _COLUMNS), span.stop + _COLUMNS)
    version = f"{glass.panel_name} {glass.name} {aisle} {offset} {language} {at}"
    return Shot(
        shop=structs.replace(glass.shop, version=version),
        view=view,
        facings={aisle: glass.facings(aisle, around, at, language)},
        offset=offset,
    )
