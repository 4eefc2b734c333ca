"""Waiting for a condition with a deadline, the only way a test here waits."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60.0  # far beyond what anything takes; a test that fails waits that long, one that passes never


def until(
    condition: Callable[[], object], what: str = "the condition", patience_s: float = PATIENCE_S
) -> None:
    """Return as soon as `condition()` is true; fail after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain for {what}"
        time.sleep(0.002)
