"""A picture of the glass, asked for over the link; and a screen that is told to end, so that it is started again."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.link.link import AgentEnd, Drawn, OnPicture, ScreenEnd, memory_pair
from kiosk.link.messages import MAX_PICTURE, PIECE, PicturePiece, Pictures, pieces
from kiosk.link.socket import SocketAgentEnd, SocketScreenEnd
from kiosk.views import FacingsPage
from tests.kiosk.until import until

PICTURE = random.Random(7).randbytes(5 * PIECE + 17)


def nothing(aisle: str, language: str, start: int, stop: int) -> FacingsPage:
    return FacingsPage(aisle, start)


@pytest.fixture(params=["memory", "socket"])
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[AgentEnd, ScreenEnd]]:
    agent: AgentEnd
    screen: ScreenEnd
    if request.param == "memory":
        agent, screen = memory_pair()
    else:
        agent = SocketAgentEnd(tmp_path / "s")
        screen = SocketScreenEnd(tmp_path / "s")
    agent.serve(lambda intent: None, nothing)
    until(lambda: agent.counters()["screens"])
    yield agent, screen
    screen.close()
    agent.close()


def asked(agent: AgentEnd) -> tuple[bytes, str]:
    said: list[tuple[bytes, str]] = []
    agent.picture(lambda webp, why: said.append((webp, why)))
    until(lambda: said)
    return said[0]


def test_the_picture_comes_whole(ends: tuple[AgentEnd, ScreenEnd]) -> None:
    agent, screen = ends
    screen.obey(lambda answer: threading.Thread(target=answer, args=(PICTURE, "")).start(), lambda: None)
    assert asked(agent) == (PICTURE, "")
    screen.obey(lambda answer: answer(b"", "private"), lambda: None)
    assert asked(agent) == (b"", "private")


def test_a_screen_that_takes_none_says_so(ends: tuple[AgentEnd, ScreenEnd]) -> None:
    assert asked(ends[0]) == (b"", "no-screen")


def test_the_screen_is_told_to_leave(ends: tuple[AgentEnd, ScreenEnd]) -> None:
    agent, screen = ends
    left = threading.Event()
    screen.obey(lambda answer: None, left.set)
    assert agent.restart_screens() == 1
    assert left.wait(60)


def test_a_screen_that_dies_meanwhile_owes_nothing(tmp_path: Path) -> None:
    agent, screen = SocketAgentEnd(tmp_path / "s"), SocketScreenEnd(tmp_path / "s")
    agent.serve(lambda intent: None, nothing)
    until(lambda: agent.counters()["screens"])
    wanted: list[OnPicture] = []
    screen.obey(wanted.append, lambda: None)
    said: list[str] = []
    agent.picture(lambda webp, why: said.append(why))
    until(lambda: wanted)
    screen.close()
    until(lambda: said)
    assert said == ["no-screen"]
    assert agent.restart_screens() == 0
    agent.close()


def test_only_what_was_asked_for_is_taken_and_only_so_much() -> None:
    pictures, said = Pictures(), list[tuple[bytes, str]]()
    number = pictures.ask(lambda webp, why: said.append((webp, why))).id
    pictures.heard(PicturePiece(number + 1, b"stranger"))
    assert not said
    for _ in range(MAX_PICTURE // PIECE + 1):
        pictures.heard(PicturePiece(number, b"x" * PIECE, last=False))
    assert said == [(b"", "too-large")]
    pictures.heard(PicturePiece(number, b"x"))
    assert len(said) == 1


def test_the_next_question_gives_the_last_one_up() -> None:
    pictures, said = Pictures(), list[str]()
    pictures.ask(lambda webp, why: said.append(f"first {why}"))
    number = pictures.ask(lambda webp, why: said.append(f"second {len(webp)}")).id
    for piece in pieces(number, PICTURE, ""):
        pictures.heard(piece)
    assert said == ["first another", f"second {len(PICTURE)}"]


def test_what_no_link_carries_is_said_not_to_be_there() -> None:
    assert list(pieces(1, b"x" * (MAX_PICTURE + 1), "")) == [PicturePiece(1, b"", True, "too-large")]


def test_what_was_drawn_is_known_to_the_agent(ends: tuple[AgentEnd, ScreenEnd]) -> None:
    agent, screen = ends
    assert agent.drawn() is None

    def told(drawn: Drawn) -> bool:
        screen.drew(drawn)  # a screen that still connects tells nobody, and tells again with its next frame
        return agent.drawn() == drawn

    until(lambda: told(Drawn("v1", 1, 0)))
    until(lambda: told(Drawn("v2", 700, 24)))


def test_a_new_screen_has_drawn_nothing(tmp_path: Path) -> None:
    agent, screen = SocketAgentEnd(tmp_path / "s"), SocketScreenEnd(tmp_path / "s")
    agent.serve(lambda intent: None, nothing)

    def told() -> bool:
        screen.drew(Drawn("v1", 1, 0))
        return agent.drawn() is not None

    until(told)
    screen.close()
    until(lambda: agent.counters()["screens"] == 0)
    assert agent.drawn() is None
    agent.close()
