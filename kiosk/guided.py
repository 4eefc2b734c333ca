"""What whoever runs a device test (the control line) posts into the agent's inbox, and how it hears what was answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Answered = Callable[
    [str], None
]  # yes | no | stopped | busy; called in the owner's thread: it must only hand over


@dataclass(frozen=True, slots=True)
class Step:
    """Show a step on the glass for `patience_ms` at most. Fields as in kiosk.views.DeviceTest."""

    device: str
    step: str
    patience_ms: int
    code: str = ""
    number: int = 1
    steps: int = 1
    asks: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Over:
    """The glass is the shop's again."""
