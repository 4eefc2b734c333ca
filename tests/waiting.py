"""How to wait for something without sleeping on a guess."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

DEADLINE_S = 60.0  # far beyond what anything takes, on a machine with ten times the work it has cores for


def wait_until(condition: Callable[[], object], what: str = "", deadline_s: float = DEADLINE_S) -> None:
    """Return as soon as `condition()` holds; fail, saying `what`, where it never does."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s:g} s for {what or condition}")
        time.sleep(0.005)
