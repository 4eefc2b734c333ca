from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test here gives back its threads and file descriptors."""
    threads, files = set(threading.enumerate()), len(open_files())
    yield
    left = set(threading.enumerate()) - threads
    assert not left, f"threads left running: {left}"
    assert len(open_files()) <= files, "file descriptors left open"
