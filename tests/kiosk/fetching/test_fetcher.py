"""The thread: it says what came, tries again with patience, obeys new rules, and ends at once."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from kiosk.fetching.blobs import Part
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Fetched, Fetcher, FetchFailed, FetchProgress, News, Rules
from kiosk.fetching.http_source import HttpSource
from kiosk.fetching.pace import Pace, is_open
from kiosk.fetching.sources import FolderSource, Source, Wait
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import Repository
from tests.kiosk.until import PATIENCE_S

Kind = TypeVar("Kind", bound=News)


class Watched:
    """A fetcher, and what it posts."""

    def __init__(self, kiosk: Kiosk, *sources: Source, minute: int | None = None, **rules: object) -> None:
        self.posted: queue.Queue[News] = queue.Queue()
        self.seen: list[News] = []
        self.fetching = kiosk.open()
        self.rules = Rules(sources=sources, **rules)  # type: ignore[arg-type]
        stopped = threading.Event()
        self.fetcher = Fetcher(
            self.fetching, self.rules, self.posted.put, Pace(stopped=stopped), lambda: minute, stopped=stopped, folder=kiosk.state
        )  # fmt: skip

    def next(self, kind: type[Kind]) -> Kind:
        """The next of a kind; the others before it are in `seen`."""
        while True:
            found = self.posted.get(timeout=PATIENCE_S)
            self.seen.append(found)
            if isinstance(found, kind):
                return found


Watch = Callable[..., Watched]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.release({"a.json": b"price 1.99", "b.json": b"price 2.99"})
    return made


@pytest.fixture
def watch(tmp_path: Path, repository: Repository) -> Iterator[Watch]:
    made: list[Watched] = []

    def begin(*sources: Source, minute: int | None = None, **rules: object) -> Watched:
        made.append(Watched(Kiosk(tmp_path / "state", repository), *sources, minute=minute, **rules))
        made[-1].fetcher.start()
        return made[-1]

    yield begin
    for one in made:
        one.fetcher.stop()


def test_it_brings_what_is_for_everybody_and_then_what_is_asked_for(
    watch: Watch, repository: Repository
) -> None:
    watched = watch(FolderSource(repository.folder))
    first = watched.next(Fetched)
    assert (first.name, first.current) == ("demo-000001", True)
    assert watched.seen[-2] == FetchProgress("demo-000001", 100)
    repository.release({"a.json": b"price 1.49"})
    watched.fetcher.fetch("demo-000001")
    assert watched.next(Fetched).current is False
    watched.fetcher.fetch()
    assert watched.next(Fetched).name == "demo-000002"


def test_what_is_asked_for_again_is_posted_again_and_healed_where_it_was_damaged(
    watch: Watch, repository: Repository
) -> None:
    watched = watch(FolderSource(repository.folder))
    first = watched.next(Fetched)
    blob = watched.fetching.entries(first.root)[0].blob
    watched.fetching.blobs.path(blob).unlink()
    watched.fetcher.fetch()
    assert watched.next(Fetched).name == "demo-000001"
    assert watched.fetching.blobs.verify(blob)


def test_a_failure_is_said_and_other_sources_mend_it(
    watch: Watch, repository: Repository, tmp_path: Path
) -> None:
    watched = watch(FolderSource(tmp_path / "no stick"))
    failed = watched.next(FetchFailed)
    assert (failed.name, failed.reason) == ("", "no-source")
    watched.fetcher.obey(Rules(sources=(FolderSource(repository.folder),)))
    assert watched.next(Fetched).name == "demo-000001"


def test_a_stick_that_is_plugged_in_is_news(watch: Watch, repository: Repository, tmp_path: Path) -> None:
    watched = watch(FolderSource(tmp_path / "media/*/endcap"))
    assert watched.next(FetchFailed).reason == "no-source"
    (tmp_path / "media/stick").mkdir(parents=True)
    (tmp_path / "media/stick/endcap").symlink_to(repository.folder)
    assert watched.next(Fetched).name == "demo-000001"


def test_outside_the_hours_nothing_but_metadata_comes(watch: Watch, repository: Repository) -> None:
    watched = watch(FolderSource(repository.folder), minute=12 * 60, window=(60, 300))
    assert watched.next(FetchFailed).reason == "not-now"
    assert watched.fetching.trust.versions["timestamp"] == 1


def test_without_a_trusted_clock_any_hour_will_do(watch: Watch, repository: Repository) -> None:
    watched = watch(FolderSource(repository.folder), minute=None, window=(60, 300))
    assert watched.next(Fetched).name == "demo-000001"


def test_it_cleans_up_and_keeps_what_is_needed(watch: Watch, repository: Repository) -> None:
    watched = watch(FolderSource(repository.folder))
    first = watched.next(Fetched)
    repository.release({"c.json": b"price 3.99"})
    watched.fetcher.fetch()
    second = watched.next(Fetched)
    watched.fetcher.clean([second.page])
    watched.fetcher.fetch("demo-000001")
    again = watched.next(Fetched)
    assert again.page == first.page
    assert {news.percent for news in watched.seen if isinstance(news, FetchProgress)} >= {0, 100}
    assert watched.fetching.needed(second.page)


def test_it_ends_while_a_server_keeps_it_waiting(watch: Watch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        watched = watch(HttpSource(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        caller, _ = silent.accept()
        watched.fetcher.stop()
        caller.close()
    assert watched.posted.empty()


@pytest.mark.parametrize(("window", "minute", "expected"), [
    (None, 0, True), ((60, 300), 60, True), ((60, 300), 300, False), ((60, 300), 59, False),
    ((1380, 60), 1400, True), ((1380, 60), 30, True), ((1380, 60), 60, False), ((60, 60), 700, True),
])  # fmt: skip
def test_hours(window: tuple[int, int] | None, minute: int, expected: bool) -> None:
    assert is_open(window, minute) is expected


def test_a_rate_is_kept_over_what_comes() -> None:
    now = [0.0]

    class Clocked(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now[0] += timeout or 0
            return False

    pace = Pace(100, mono=lambda: now[0], stopped=Clocked())
    for _ in range(20):
        pace.wait(64 * 1024)
    assert 12.0 <= now[0] <= 13.0
    pace.kib_s = 0
    pace.wait(2**30)
    assert now[0] <= 13.0


def test_a_wait_for_the_rate_is_ended_too() -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(FetchError, match="stopped"):
        Pace(1, stopped=stopped).wait(2**30)


def test_a_way_back_does_not_wait_for_the_rest_of_a_release_nobody_wants_any_more(
    watch: Watch, repository: Repository
) -> None:
    came: list[str] = []
    begun = threading.Event()

    class Slow(FolderSource):
        def fill(self, path: str, part: Part, wait: Wait) -> None:
            if path.startswith("blobs/"):
                came.append(path)
                assert begun.wait(PATIENCE_S)
                if len(came) == 6:  # pages come first
                    watched.fetcher.fetch("demo-000001")
            super().fill(path, part, wait)

    repository.release({f"{number:02}.json": b"price %d" % number for number in range(60)})
    watched = watch(Slow(repository.folder))
    begun.set()
    assert watched.next(Fetched).name == "demo-000001"
    assert 6 <= len(came) <= 10, "one more page and the two files of what is wanted now at most"
    assert not any(isinstance(news, FetchFailed) for news in watched.seen)
    watched.fetcher.fetch()
    assert watched.next(Fetched).name == "demo-000002"
