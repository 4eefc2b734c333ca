"""A screen follows the agent to another side: by a link, once, and not before it moves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kiosk.software import launch
from kiosk.software.following import Follower, follower

WAIT_S = 60.0


def test_a_screen_is_told_once_when_the_link_moves(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    launch.point(tmp_path, "a")
    told: list[str] = []
    moved = threading.Event()

    def changed() -> None:
        told.append(launch.leads(tmp_path))
        follow.stop()  # from its own thread, as a screen that ends does
        moved.set()

    follow = Follower(tmp_path, "a", changed, look_s=0.01)
    follow.start()
    launch.point(tmp_path, "b")

    assert moved.wait(WAIT_S)
    follow.stop()
    launch.point(tmp_path, "")
    assert told == ["b"]
    assert not [one for one in threading.enumerate() if one.name == "follower"]


def test_back_to_what_was_installed_is_a_move_too(tmp_path: Path) -> None:
    launch.point(tmp_path, "a")
    moved = threading.Event()
    follow = Follower(tmp_path, "a", moved.set, look_s=0.01)
    follow.start()

    launch.point(tmp_path, "")

    assert moved.wait(WAIT_S)
    follow.stop()


def test_a_link_that_has_moved_before_the_screen_was_up_is_seen(tmp_path: Path) -> None:
    launch.point(tmp_path, "b")
    moved = threading.Event()
    follow = Follower(tmp_path, "a", moved.set, look_s=0.01)
    follow.start()
    assert moved.wait(WAIT_S)
    follow.stop()


def test_only_a_screen_that_the_launcher_started_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENDCAP_SOFTWARE", raising=False)
    assert follower(lambda: None) is None
    launch.point(tmp_path, "b")
    monkeypatch.setenv("ENDCAP_SOFTWARE", str(tmp_path))
    monkeypatch.setenv("ENDCAP_LINK", "a")
    moved = threading.Event()

    found = follower(moved.set)

    assert found is not None
    found.start()
    assert moved.wait(WAIT_S)
    found.stop()
