"""Both databases in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.both_databases import url
from tests.fleet.rollouts.office import Office

__all__ = ["office", "url"]


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    """Ten kiosks."""
    opened = Office(url)
    yield opened
    opened.store.close()
