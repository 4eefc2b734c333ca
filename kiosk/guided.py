"""What a device test (devices.technician.service) posts into the agent's inbox, and the core keeps while it is shown; its
answers go back by Peripherals.answered.
"""

from __future__ import annotations

from msgspec import Struct


class Step(Struct, frozen=True):
    """Show a step on the glass for `patience_ms` at most. Fields as in kiosk.views.DeviceTest."""

    device: str
    step: str
    patience_ms: int
    code: str = ""
    number: int = 1
    steps: int = 1
    asks: bool = False
    detail: str = ""


class Over(Struct, frozen=True):
    """The glass is the shop's again."""
