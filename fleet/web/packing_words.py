"""What every order on the packing list is told with, whether it was bought on a phone or at a wall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fleet.catalogue import Catalogue
from fleet.shop.orders import STEPS
from mqtt.messages import Line


def step_words(ready: str) -> Mapping[str, str]:
    """How far an order is, and the words of the button that says so."""
    return {"preparing": "Being packed", "ready": ready}


def steps_left(progress: str, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What can be said next: (step, the button's words)."""
    left = STEPS[STEPS.index(progress) + 1 :] if progress in STEPS else ()
    return tuple((step, words[step]) for step in left)


def goods(lines: Iterable[Line], catalogue: Catalogue | None) -> tuple[tuple[int, str], ...]:
    """(pieces, product) in the staff's language. A delivery's fee is a line too, and nothing to pack."""
    return tuple(
        (line.quantity, catalogue.staff_name(line.gtin, line.name) if catalogue else line.name)
        for line in lines
        if line.gtin
    )
