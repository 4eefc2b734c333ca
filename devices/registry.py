"""All models there are. Ours come through the same door as anybody's: an entry point of the group `endcap.devices` that
names a sequence of Model. Ours are named here and not in the installed metadata, so that a source tree works as it stands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from devices.models import Model

log = logging.getLogger(__name__)

GROUP = "endcap.devices"
OURS = tuple(
    EntryPoint(name, f"devices.products.{name}:MODELS", GROUP)
    for name in ("serial_scanners", "hid_scanners", "readers", "printers")
)


class UnknownModel(ValueError):
    """A configuration names a model that nobody declares."""


@cache
def models() -> dict[str, Model]:
    """Every model by its name. One that cannot be loaded, or takes a name that is taken, is left out and logged."""
    return load((*OURS, *entry_points(group=GROUP)))


def load(entries: Iterable[EntryPoint]) -> dict[str, Model]:
    """The models of some entry points."""
    found: dict[str, Model] = {}
    for entry in entries:
        try:
            declared = tuple(entry.load())
        except Exception:  # another's package must not take the wall down
            log.exception("models of %s cannot be loaded", entry.value)
            continue
        for model in declared:
            if model.name in found:
                log.error("%s declares %r, which there is already", entry.value, model.name)
            else:
                found[model.name] = model
    return found


def model(name: str) -> Model:
    """The model of that name. Raises UnknownModel."""
    return named(name, models())


def named(name: str, known: Mapping[str, Model]) -> Model:
    """The model of that name among those. Raises UnknownModel."""
    if name not in known:
        raise UnknownModel(f"no model {name!r}; there are {', '.join(known)}")
    return known[name]
