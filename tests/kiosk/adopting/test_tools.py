"""What a technician sees of a kiosk's releases, and a release that is baked into an image."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from content.store import OpenStore
from kiosk.adopting import slots as s
from kiosk.adopting.record import FILE, save
from kiosk.adopting.slots import Refused, Slots, Staged, Wall
from kiosk.cli import main
from kiosk.clock.clock import SystemClock
from mqtt.commands import Target
from tests.content import shop
from tests.kiosk.adopting.test_power_cuts import NEW, OLD, parts
from tests.kiosk.fetching.repositories import Repository


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kiosk.toml"
    path.write_text(
        """
        [address]
        tenant = "demo"
        site = "s1"
        kiosk = "K1"
        [paths]
        store = "store"
        state = "state"
        [content]
        sources = ["published"]
        root = "root.json"
        carried = "carried/store"
        """,
        encoding="utf-8",
    )
    return path


@pytest.fixture
def published(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "published")
    now = datetime.fromtimestamp(SystemClock(trusted=True).wall_ms() / 1000, UTC)
    repository.expires = now + timedelta(days=30)
    repository.sign_root()
    (tmp_path / "root.json").write_bytes(repository.installed)
    return repository


def test_slots_in_words(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slots = s.aim(Slots(), Target(name="demo-000002", pinned_by="ana"), 0)
    slots = s.stage(slots, Staged(Wall("demo-000002", "ab" * 8), 0, at=1_800_000_000, window=(60, 245)))
    slots = s.refuse(slots, "demo-000001", Refused("no-facings", "9 frames", 0))
    save(config.parent / "state" / "content", slots)
    assert main(["content", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "target       demo-000002, pinned by ana" in said
    assert "wall abababababababab - DAMAGED, not before 2027-01-15 08:00 UTC between 01:00 and 04:05" in said
    assert "refused      demo-000001: no-facings, 9 frames" in said
    assert main(["content", "--config", str(config), "--json"]) == 0
    assert '"release":"demo-000002"' in capsys.readouterr().out


def test_a_damaged_record_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = config.parent / "state" / "content"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"{")
    assert main(["content", "--config", str(config)]) == 0
    assert "slots.json: Input data was truncated" in capsys.readouterr().out


def test_a_signed_release_is_baked_and_replaced(
    config: Path, published: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for minor in (OLD, NEW):
        name = published.release(parts(minor))
        assert main(["bake", str(published.folder), "--config", str(config)]) == 0
        assert f"{name} is carried in" in capsys.readouterr().out
        with OpenStore(config.parent / "carried" / "store") as store:
            product = store.product(shop.gtin(1))
            assert product is not None
            assert product.price.minor == minor
        assert [path.name for path in (config.parent / "carried").iterdir()] == ["store"]


def test_what_nobody_signed_is_not_baked(
    config: Path, published: Repository, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    published.release(parts(OLD))
    stranger = Repository(tmp_path / "stranger")
    stranger.release(parts(1))
    assert main(["bake", str(stranger.folder), "--config", str(config)]) == 1
    assert "not baked" in capsys.readouterr().err
    assert not (config.parent / "carried" / "store").exists()
