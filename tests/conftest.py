"""Fixtures every test may use, and which tests need what a machine may lack."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest_plugins = ["tests.postgres", "tests.stores", "tests.servers"]  # each after what it imports
ROOT = Path(__file__).resolve().parent.parent
DRAWS = (
    "tests/ui/",
    "tests/demo/",
    "tests/kiosk/test_station.py",
    "tests/kiosk/test_hardware.py",
)  # and what is marked ui


def load_setup() -> ModuleType:
    """`.ci/setup.py`, which knows the system libraries that drawing needs."""
    spec = importlib.util.spec_from_file_location("endcap_setup", ROOT / ".ci" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what draws where the libraries for it are not there and could not be installed, and say which."""
    packages = load_setup().missing_libraries()
    if not packages:
        return
    skip = pytest.mark.skip(reason=f"drawing needs system libraries: apt-get install {' '.join(packages)}")
    for item in items:
        place = item.path.relative_to(ROOT).as_posix()
        if place.startswith(DRAWS) or item.get_closest_marker("ui"):
            item.add_marker(skip)
