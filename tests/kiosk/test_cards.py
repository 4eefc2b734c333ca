"""Card numbers become tokens under a key of the kiosk's own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kiosk.cards import BadKey, CardTokens, load_tokens

UID = bytes.fromhex("04a1b2c3d4e5f6")


def test_the_same_card_gives_the_same_token_here_and_another_elsewhere(tmp_path: Path) -> None:
    here, again, elsewhere = (load_tokens(tmp_path / name) for name in ("a", "a", "b"))
    assert here.token(UID) == again.token(UID) != elsewhere.token(UID)
    assert len(here.token(UID)) == 24
    assert here.token(UID) != here.token(UID[:4])


def test_the_token_is_hmac_sha_256() -> None:
    assert CardTokens(bytes(32)).token(UID) == "T4O7CZIUXXWJ62O7ZRRBUUMX"  # as openssl dgst -mac HMAC says


def test_only_this_user_reads_the_key(tmp_path: Path) -> None:
    load_tokens(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    with pytest.raises(BadKey, match="short: a card key has 32 bytes, this one 3"):
        load_tokens(tmp_path / "short")
    with pytest.raises(BadKey, match="cannot make a card key: No such file"):
        load_tokens(tmp_path / "nowhere" / "key")
