"""The key of the card tokens is this kiosk's own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kiosk.peripherals.cards import BadKey, load_key


def test_a_key_is_made_once_and_differs_from_kiosk_to_kiosk(tmp_path: Path) -> None:
    here, again, elsewhere = (load_key(tmp_path / name) for name in ("a", "a", "b"))
    assert here == again != elsewhere
    assert len(here) == 32


def test_only_this_user_reads_it(tmp_path: Path) -> None:
    load_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    with pytest.raises(BadKey, match="short: a card key has 32 bytes, this one 3"):
        load_key(tmp_path / "short")
    with pytest.raises(BadKey, match="cannot make a card key: No such file"):
        load_key(tmp_path / "nowhere" / "key")
