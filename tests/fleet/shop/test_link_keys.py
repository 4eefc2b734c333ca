"""The secrets behind signed links: made once, kept from others, changed without breaking what hangs on walls."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from content.links import Attribution, Spot, Token, read, sign
from fleet.shop.link_keys import FILE, BadKeys, LinkKeys
from fleet.shop.rotate import main

WALL = "pendelo/lindenpark/wall-1"


def spot(keys: LinkKeys, text: str, kiosk: str = WALL) -> Spot:
    found = read("wall-1", text, keys.keys_of(kiosk), today=10)
    assert found is not None
    return found


def signed(keys: LinkKeys, kiosk: str = WALL) -> str:
    return "17-" + sign(keys.key_for(kiosk), "wall-1", 17, Token(kid=keys.kid, day=12))


def test_secrets_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    first = LinkKeys(tmp_path / "fleet")
    assert stat.S_IMODE((tmp_path / "fleet" / FILE).stat().st_mode) == 0o600
    again = LinkKeys(tmp_path / "fleet")
    assert again.key_for(WALL) == first.key_for(WALL)
    assert LinkKeys(tmp_path / "other").key_for(WALL) != first.key_for(WALL)
    assert [path.name for path in (tmp_path / "fleet").iterdir()] == [FILE], "no draft is left"


def test_a_kiosk_can_sign_for_itself_alone(tmp_path: Path) -> None:
    keys = LinkKeys(tmp_path)
    assert spot(keys, signed(keys)).counts
    assert spot(keys, signed(keys, "pendelo/lindenpark/wall-2")).attribution is Attribution.TAMPERED


def test_links_on_the_walls_outlive_one_change_of_secrets(tmp_path: Path) -> None:
    keys = LinkKeys(tmp_path)
    old = signed(keys)
    assert keys.rotate() == 1
    assert spot(keys, old).counts
    assert spot(keys, signed(keys)).counts
    reopened = LinkKeys(tmp_path)
    assert reopened.kid == 1
    assert spot(reopened, old).counts
    reopened.rotate()
    assert spot(reopened, old).attribution is Attribution.TAMPERED
    for _ in range(20):
        reopened.rotate()
    assert reopened.kid == 6, "sixteen key ids go round"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_secrets_are_changed_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "no fleet has made link keys here" in capsys.readouterr().err
    old = signed(LinkKeys(tmp_path))
    assert main(["--data", str(tmp_path)]) == 0
    assert "key 1" in capsys.readouterr().out
    assert spot(LinkKeys(tmp_path), old).counts
    (tmp_path / FILE).write_bytes(b"{")
    assert main(["--data", str(tmp_path)]) == 1


def test_programs_that_start_together_agree(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: keys.append(LinkKeys(tmp_path).key_for(WALL))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(keys) == 8
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"current":0,"secrets":{"0":"zz"}}',
        b'{"current":0,"secrets":{"0":"00"}}',
        b'{"current":1,"secrets":{}}',
    ],
)
def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path, body: bytes) -> None:
    (tmp_path / FILE).write_bytes(body)
    with pytest.raises(BadKeys, match=r"link\.keys: "):
        LinkKeys(tmp_path)
    assert (tmp_path / FILE).read_bytes() == body
