"""The link between agent and screen: one behaviour, in memory and across processes."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.money import Money
from kiosk.link.link import AgentEnd, LinkDown, ScreenEnd, memory_pair
from kiosk.link.messages import LINE_UP
from kiosk.link.socket import SocketAgentEnd, SocketScreenEnd
from kiosk.link.wire import Lines
from kiosk.views import Add, Facing, FacingsPage, Frame, Intent, Pay, Shop, Start, View, Wall
from tests.kiosk.until import until

SHOP = Shop(
    names={"en": "Corner"}, version="v1", currency="EUR", languages=(), aisles=(), adverts=(), how_it_works=(),
    methods=("link",), support="", kiosk="K1",
)  # fmt: skip
FRAME = Frame(language="en")


def wall(aisle: str) -> Wall:
    return Wall(frame=FRAME, aisle=aisle)


def facing(number: int) -> Facing:
    return Facing(
        facing=number, gtin="09521100100113", name="Äpfel 苹果", brand="", price=Money(249, "EUR"), was=None,
        unit_price=None, unit_base="", size="", badge="", badge_args=(), picture="", qr="", available=True,
    )  # fmt: skip


def shelf(aisle: str, language: str, start: int, stop: int) -> FacingsPage:
    if aisle == "nowhere":
        raise KeyError("no aisle 'nowhere'")
    return FacingsPage(aisle, start, tuple(facing(n + 1) for n in range(start, stop)))


class Screen:
    """Somebody who watches."""

    def __init__(self, end: ScreenEnd) -> None:
        self.end = end
        self.seen: list[tuple[Shop, View]] = []

    def show(self, shop: Shop, view: View) -> None:
        self.seen.append((shop, view))

    def sees(self, view: View) -> bool:
        return bool(self.seen) and self.seen[-1][1] == view


Pair = tuple[AgentEnd, ScreenEnd]


@pytest.fixture(params=["memory", "socket"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    agent: AgentEnd
    screen: ScreenEnd
    if request.param == "memory":
        agent, screen = memory_pair()
    else:
        agent, screen = SocketAgentEnd(tmp_path / "s"), SocketScreenEnd(tmp_path / "s")
    yield agent, screen
    screen.close()
    agent.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("link-")]


class TestBothForms:
    def test_a_screen_that_listens_gets_the_current_view_at_once_and_every_later_one(
        self, pair: Pair
    ) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        agent.show(SHOP, wall("dairy"))
        screen = Screen(end)
        end.listen(screen.show)
        until(lambda: screen.sees(wall("dairy")))
        assert screen.seen[-1][0] == SHOP
        agent.show(SHOP, wall("fruit"))
        until(lambda: screen.sees(wall("fruit")))

    def test_a_screen_may_listen_before_there_is_anything_to_see(self, pair: Pair) -> None:
        agent, end = pair
        screen = Screen(end)
        end.listen(screen.show)
        agent.serve(lambda intent: None, shelf)
        assert screen.seen == []
        agent.show(SHOP, wall("dairy"))
        until(lambda: screen.sees(wall("dairy")))

    def test_a_changed_shop_arrives_with_its_view(self, pair: Pair) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        screen = Screen(end)
        end.listen(screen.show)
        agent.show(SHOP, wall("dairy"))
        until(lambda: screen.sees(wall("dairy")))
        newer = Shop(
            names={"en": "Corner"}, version="v2", currency="EUR", languages=(), aisles=(), adverts=(),
            how_it_works=(), methods=(), support="", kiosk="K1",
        )  # fmt: skip
        agent.show(newer, wall("bread"))
        until(lambda: screen.sees(wall("bread")))
        assert screen.seen[-1][0] == newer

    def test_intents_reach_the_agent_in_order(self, pair: Pair) -> None:
        agent, end = pair
        heard: list[Intent] = []
        agent.serve(heard.append, shelf)
        self._connected(agent, end)
        said: list[Intent] = [Start(), *(Add(gtin="09521100100113", quantity=n) for n in range(1, 21))]
        for intent in said:
            end.send(intent)
        until(lambda: len(heard) == len(said))
        assert heard == said

    def test_shelves_are_fetched_from_any_thread(self, pair: Pair) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        self._connected(agent, end)
        pages: list[FacingsPage] = []
        workers = [
            threading.Thread(target=lambda at=at: pages.append(end.facings("dairy", "en", at, at + 3)))
            for at in range(0, 30, 3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(pages, key=lambda page: page.start) == [
            shelf("dairy", "en", at, at + 3) for at in range(0, 30, 3)
        ]

    def test_a_shelf_that_cannot_be_read_is_link_down_and_counted(self, pair: Pair) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        self._connected(agent, end)
        with pytest.raises(LinkDown, match="no aisle 'nowhere'"):
            end.facings("nowhere", "en", 0, 3)
        assert agent.counters()["facings"] == 1
        assert end.facings("dairy", "en", 0, 1).items, "the link lives on"

    def test_too_many_facings_at_once_are_the_callers_mistake(self, pair: Pair) -> None:
        _, end = pair
        with pytest.raises(ValueError, match=r"0\.\.501"):
            end.facings("dairy", "en", 0, 501)

    def test_an_agent_that_is_gone_costs_the_screen_nothing(self, pair: Pair) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        self._connected(agent, end)
        agent.close()
        until(lambda: self._is_down(end), "the screen to notice")
        end.send(Start())  # dropped, no exception

    def test_a_screen_that_fails_or_dawdles_does_not_hold_the_agent(self, pair: Pair) -> None:
        agent, end = pair
        agent.serve(lambda intent: None, shelf)
        go_on, seen = threading.Event(), []

        def slow(shop: Shop, view: View) -> None:
            assert isinstance(view, Wall)
            seen.append(view.aisle)
            go_on.wait()
            raise RuntimeError("out of texture memory")

        end.listen(slow)
        agent.show(SHOP, wall("first"))
        until(lambda: seen)
        for number in range(1000):
            agent.show(SHOP, wall(f"aisle {number}"))
        go_on.set()
        until(lambda: seen[-1] == "aisle 999", "the latest view")
        assert len(seen) < 1001, "views it missed are not owed"

    @staticmethod
    def _connected(agent: AgentEnd, end: ScreenEnd) -> None:
        agent.show(SHOP, wall("hello"))
        screen = Screen(end)
        end.listen(screen.show)
        until(lambda: screen.sees(wall("hello")))

    @staticmethod
    def _is_down(end: ScreenEnd) -> bool:
        try:
            end.facings("dairy", "en", 0, 1)
        except LinkDown:
            return True
        return False


class TestSocket:
    def test_a_screen_killed_while_somebody_pays_comes_back_to_that_payment(self, tmp_path: Path) -> None:
        agent, heard = SocketAgentEnd(tmp_path / "s"), list[Intent]()
        agent.serve(heard.append, shelf)
        pay = Pay(
            frame=FRAME, method="epc", stage="waiting", amount=Money(597, "EUR"), reference="0123456789ABCDEF",
            payload="BCD\n002",
        )  # fmt: skip
        agent.show(SHOP, wall("dairy"))
        first = self._screen(tmp_path / "s")
        assert first.stdout is not None
        assert first.stdout.readline() == "v1 Wall \n"
        agent.show(SHOP, pay)
        assert first.stdout.readline() == "v1 Pay 0123456789ABCDEF\n"
        first.kill()
        first.communicate()
        until(lambda: agent.counters()["screens"] == 0)
        second = self._screen(tmp_path / "s")
        assert second.stdout is not None
        assert second.stdin is not None
        assert second.stdout.readline() == "v1 Pay 0123456789ABCDEF\n"
        second.stdin.write("touch\n")
        second.stdin.flush()
        until(lambda: heard == [Start()])
        second.communicate()
        assert second.returncode == 0
        agent.close()

    @staticmethod
    def _screen(path: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.kiosk.screen_process", str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def test_a_screen_finds_an_agent_that_comes_later_and_comes_again(self, tmp_path: Path) -> None:
        end = SocketScreenEnd(tmp_path / "s")
        screen = Screen(end)
        end.listen(screen.show)
        for aisle in ("before", "after"):
            agent = SocketAgentEnd(tmp_path / "s")
            agent.serve(lambda intent: None, shelf)
            agent.show(SHOP, wall(aisle))
            until(partial(screen.sees, wall(aisle)))
            agent.close()
        end.close()

    def test_garbage_and_endless_lines_are_refused_and_the_connection_lives_on(self, tmp_path: Path) -> None:
        agent, heard = SocketAgentEnd(tmp_path / "s"), list[Intent]()
        agent.serve(heard.append, shelf)
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(tmp_path / "s"))
            raw.sendall(b"hello\n" + b'{"type":"fly"}\n' + b'{"type":"add"}\n' + b"\xff\xfe\n")
            raw.sendall(b"x" * (3 * LINE_UP) + b'\n{"type":"start"}\n')
            until(lambda: heard == [Start()])
        assert agent.counters()["refused"] == 5
        agent.close()

    def test_a_screen_that_reads_nothing_is_owed_one_view_and_a_few_answers(self, tmp_path: Path) -> None:
        agent, answered = SocketAgentEnd(tmp_path / "s"), list[int]()

        def counted(aisle: str, language: str, start: int, stop: int) -> FacingsPage:
            answered.append(start)
            return shelf(aisle, language, start, stop)

        agent.serve(lambda intent: None, counted)
        agent.show(SHOP, wall("dairy"))
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(tmp_path / "s"))
        deaf.sendall(b'{"type":"query","id":1,"aisle":"a","language":"en","start":0,"stop":500}\n' * 500)
        end = SocketScreenEnd(tmp_path / "s")
        screen = Screen(end)
        end.listen(screen.show)
        for number in range(100):
            agent.show(SHOP, wall(str(number)))
        until(lambda: screen.sees(wall("99")), "the other screen, which is not held")
        until(lambda: answered, "the first answer")
        assert end.facings("dairy", "en", 0, 1).items, "which is answered meanwhile"
        assert len(answered) < 20, "answers nobody reads are not prepared"
        deaf.close()
        end.close()
        agent.close()

    def test_nine_screens_are_one_too_many(self, tmp_path: Path) -> None:
        agent = SocketAgentEnd(tmp_path / "s")
        agent.serve(lambda intent: None, shelf)
        crowd = []
        for _ in range(9):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20)
            sock.connect(str(tmp_path / "s"))
            crowd.append(sock)
        assert crowd[0].recv(10) == b"", "the oldest is let go"
        until(lambda: agent.counters()["screens"] == 8)
        for sock in crowd:
            sock.close()
        agent.close()

    def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(self, tmp_path: Path) -> None:
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(tmp_path / "s"))
        left.close()
        agent = SocketAgentEnd(tmp_path / "s")
        with pytest.raises(OSError, match="another agent listens there"):
            SocketAgentEnd(tmp_path / "s")
        agent.close()
        assert not (tmp_path / "s").exists()

    def test_a_path_that_cannot_be_listened_on_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="at most 107 bytes"):
            SocketAgentEnd(tmp_path / ("s" * 120))
        with pytest.raises(OSError, match="No such file or directory"):
            SocketAgentEnd(tmp_path / "missing" / "s")
        (tmp_path / "file").write_text("precious")
        with pytest.raises(OSError, match="is not a socket"):
            SocketAgentEnd(tmp_path / "file")
        assert (tmp_path / "file").read_text() == "precious"

    def test_only_this_user_may_connect(self, tmp_path: Path) -> None:
        agent = SocketAgentEnd(tmp_path / "s")
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
        agent.close()


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.integers(1, 7))
def test_lines_come_out_whole_however_the_bytes_arrive(lines: list[bytes], piece: int) -> None:
    reader, data = Lines(limit=10), b"".join(line + b"\n" for line in lines)
    out = [line for at in range(0, len(data), piece) for line in reader.feed(data[at : at + piece])]
    assert out == [line for line in lines if line and len(line) <= 10]
    assert reader.refused == sum(len(line) > 10 for line in lines)
