"""Fixtures of tests that run on both databases, whatever they are about; a conftest imports them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.store.store import Store
from tests.stores import Kind, store_url


@pytest.fixture
def url(each_database: Kind, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    return store_url(tmp_path / "fleet.db")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store in it."""
    opened = Store(url)
    yield opened
    opened.close()
