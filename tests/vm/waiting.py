"""Waiting for what the kernel, udev and QEMU do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.02
PATIENCE_S = 15.0  # emulated, with both cores busy: an enumeration takes a second where a kiosk needs a tenth


def until(what: str, look: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """The first true thing `look` returns. Raises TimeoutError saying `what` did not come about."""
    end = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {patience_s:g} s")
        time.sleep(LOOK_S)
    return found
