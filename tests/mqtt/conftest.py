"""Fixtures for tests of the client."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fleet.broker.broker import LOOPBACK


@pytest.fixture
def mute_port() -> Iterator[int]:
    """Accepts connections and says nothing."""
    with socket.create_server((LOOPBACK, 0)) as mute:
        yield mute.getsockname()[1]
