"""What is checked in the guest: functions that take the Bench, say by their docstring what holds, and raise where it does not."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tests.vm.bench import Bench

FAMILIES = ("sysfs", "serial", "hid", "nfc", "printer", "manager")

Check = Callable[[Bench], None]


class Missing(Exception):
    """A check cannot be made here; the text says what it lacks."""


def all_checks() -> dict[str, Check]:
    """By name, in the order they are run."""
    found: dict[str, Check] = {}
    for family in FAMILIES:
        for check in import_module(f"tests.vm.checks_{family}").CHECKS:
            found[f"{family}.{check.__name__}"] = check
    return found
