"""Both databases in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.rollouts.office import Office


@pytest.fixture(params=("sqlite", "postgresql"))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fleet.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    """Ten kiosks."""
    opened = Office(url)
    yield opened
    opened.store.close()
