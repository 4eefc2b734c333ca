"""Web servers and other kiosks as sources: what was cut off goes on from there, and nobody is asked in a loop."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from content.release.manifest import Blob
from kiosk.fetching.blobs import CHUNK
from kiosk.fetching.errors import FetchError
from kiosk.fetching.http_source import HttpSource
from kiosk.fetching.sharing import MOST_CALLERS, Sharing, find
from kiosk.fetching.sources import FolderSource, check_path
from kiosk.fetching.watched import Patience
from tests.kiosk.fetching.hostile import Answer, HostileServer
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import Repository
from tests.kiosk.until import until

LARGE = os.urandom(8 * 1024 * 1024)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.release({"large.bin": LARGE, "a.json": b"price 1.99"})
    return made


@pytest.fixture
def server(repository: Repository) -> Iterator[HostileServer]:
    with HostileServer(repository.folder) as running:
        yield running


@pytest.fixture
def source(server: HostileServer) -> Iterator[HttpSource]:
    made = HttpSource(server.url)
    yield made
    made.close()


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path / "state", repository)


def test_after_a_cut_at_four_fifths_at_most_a_mebibyte_comes_again(
    kiosk: Kiosk, server: HostileServer, source: HttpSource
) -> None:
    cut = len(LARGE) * 4 // 5

    def hang_up(answer: Answer, name: str, data: bytes | None) -> bool:
        if data is None or len(data) < len(LARGE):
            return False
        answer.head(200, len(data))
        answer.send(data[:cut])
        return True

    server.trick = hang_up
    with pytest.raises(FetchError, match="cut-off"):
        kiosk.fetch(source)
    server.trick, server.sent = None, 0
    whole = kiosk.fetch(source)
    assert kiosk.parts(whole)["parts/large.bin"] == LARGE
    assert whole.fetched <= len(LARGE) - cut + 2 * CHUNK + 65536
    assert server.sent < len(LARGE) - cut + 1024 * 1024


@pytest.mark.parametrize("how", ["whole", "unsatisfiable"])
def test_a_server_without_ranges_is_read_from_the_beginning(
    kiosk: Kiosk, server: HostileServer, source: HttpSource, how: str
) -> None:
    def first(answer: Answer, _name: str, data: bytes | None) -> bool:
        if data is None or len(data) < len(LARGE):
            return False
        answer.head(200, len(data))
        answer.send(data[:3_000_000])
        return True

    server.trick = first
    with pytest.raises(FetchError, match="cut-off"):
        kiosk.fetch(source)

    def ignoring(answer: Answer, _name: str, data: bytes | None) -> bool:
        if data is None or "range" not in answer.headers:
            return False
        if how == "unsatisfiable":
            answer.head(416, 0)
        else:
            answer.head(200, len(data))
            answer.send(data)
        return True

    server.trick = ignoring
    assert kiosk.parts(kiosk.fetch(source))["parts/large.bin"] == LARGE


def test_a_part_that_another_source_spoilt_is_thrown_away(
    kiosk: Kiosk, server: HostileServer, source: HttpSource
) -> None:
    def spoilt(answer: Answer, _name: str, data: bytes | None) -> bool:
        if data is None or len(data) < len(LARGE):
            return False
        answer.head(200, len(data))
        answer.send(bytes(5_000_000))
        return True

    server.trick = spoilt
    with pytest.raises(FetchError, match="cut-off"):
        kiosk.fetch(source)
    server.trick = None
    assert kiosk.parts(kiosk.fetch(source))["parts/large.bin"] == LARGE


def test_the_next_source_is_asked_where_one_is_wrong(
    kiosk: Kiosk, server: HostileServer, source: HttpSource, repository: Repository
) -> None:
    def wrong(answer: Answer, name: str, data: bytes | None) -> bool:
        if not name.startswith("blobs/") or data is None:
            return False
        answer.give(bytes(len(data)))
        return True

    server.trick = wrong
    whole = kiosk.fetch(source, FolderSource(repository.folder))
    assert kiosk.parts(whole)["parts/large.bin"] == LARGE
    assert sum(name.startswith("blobs/") for name in server.asked) == 1, "and the wrong one only once"


def test_one_connection_serves_a_whole_release_and_a_closed_one_is_opened_again(
    kiosk: Kiosk, server: HostileServer, source: HttpSource
) -> None:
    def close(answer: Answer, _name: str, data: bytes | None) -> bool:
        answer.give(data) if data is not None else answer.head(404, 0)
        return True  # hangs up after each

    kiosk.fetch(source)
    server.trick = close
    kiosk.fetch(source)
    server.trick = None
    assert kiosk.fetch(source).name == "demo-000001"


def test_redirects_within_the_server_are_followed(
    kiosk: Kiosk, server: HostileServer, source: HttpSource, repository: Repository
) -> None:
    (repository.folder / "metadata").rename(repository.folder / "moved")

    def moved(answer: Answer, name: str, _data: bytes | None) -> bool:
        if not name.startswith("metadata/"):
            return False
        answer.head(302, 0, location=f"/moved/{name.partition('/')[2]}")
        return True

    server.trick = moved
    assert kiosk.fetch(source).name == "demo-000001"


def test_nobody_there_is_said(kiosk: Kiosk, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match="no-source"):
        kiosk.fetch(HttpSource(f"http://127.0.0.1:{port}"))
    with pytest.raises(FetchError, match=r"no-source: .* no releases there"):
        kiosk.fetch(FolderSource(tmp_path / "no stick"))


def test_a_silent_server_is_left(kiosk: Kiosk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FetchError, match=r"slow: .* silent"):
            kiosk.fetch(HttpSource(url, patience=Patience(silent_s=0.1)))


def test_a_fetch_is_ended_from_outside_while_it_waits(kiosk: Kiosk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = HttpSource(f"http://127.0.0.1:{silent.getsockname()[1]}")
        said: list[str] = []

        def fetch() -> None:
            with pytest.raises(FetchError) as ended:
                kiosk.fetch(source)
            said.append(ended.value.reason)

        thread = threading.Thread(target=fetch)
        thread.start()
        caller, _ = silent.accept()
        source.abort()
        thread.join()
        caller.close()
    assert said == ["no-source"]


@pytest.mark.parametrize(
    "path", ["../etc", "blobs/../x", "/etc/passwd", "blobs//x", "blobs/.x", "a b", "a?b", "", "%2e"]
)
def test_no_path_leads_out(path: str) -> None:
    with pytest.raises(FetchError, match="bad-release: a file is called"):
        check_path(path)


# --- one kiosk for another ---------------------------------------------------------------------------------------


@pytest.fixture
def sharing(kiosk: Kiosk) -> Iterator[Sharing]:
    kiosk.fetch()
    running = Sharing(kiosk.state, "127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


def test_a_kiosk_gets_a_whole_release_from_its_neighbour(
    sharing: Sharing, repository: Repository, tmp_path: Path
) -> None:
    source = HttpSource(f"http://127.0.0.1:{sharing.port}")
    second = Kiosk(tmp_path / "second", repository)
    whole = second.fetch(source)
    source.close()
    assert second.parts(whole)["parts/large.bin"] == LARGE


def test_a_neighbour_goes_on_in_the_middle(sharing: Sharing, kiosk: Kiosk) -> None:
    blob = kiosk.open().entries(kiosk.fetch().root)[1].blob
    with socket.create_connection(("127.0.0.1", sharing.port)) as line:
        line.sendall(
            f"GET /blobs/{blob.path} HTTP/1.1\r\nhost: k\r\nrange: bytes={blob.size - 4}-\r\nconnection: close\r\n\r\n".encode()
        )
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 206")
    assert answer.endswith(LARGE[-4:])


@pytest.mark.parametrize("target", [
    "/", "/trust/seen.json", "/blobs/../trust/seen.json", "/metadata/seen.json", "/metadata/9.snapshot.json",
    "/metadata/1.seen.json", "/blobs/ab/" + "0" * 63, "/etc/passwd", "//etc/passwd", "/metadata/1.root.json",
])  # fmt: skip
def test_a_neighbour_gives_nothing_else(kiosk: Kiosk, target: str) -> None:
    kiosk.fetch()
    assert find(kiosk.state, target) is None


def test_a_neighbour_serves_a_few_at_once_and_hangs_up_on_more(sharing: Sharing) -> None:
    lines = [socket.create_connection(("127.0.0.1", sharing.port)) for _ in range(MOST_CALLERS)]
    try:

        def turned_away() -> bool:
            with socket.create_connection(("127.0.0.1", sharing.port), 5) as one_more:
                one_more.settimeout(0.2)
                try:
                    return one_more.recv(1) == b""
                except (TimeoutError, ConnectionError):
                    return False

        until(turned_away, "one caller too many to be hung up on")
    finally:
        for line in lines:
            line.close()


def test_a_blob_has_one_place(kiosk: Kiosk) -> None:
    with pytest.raises(FetchError, match="is not a sha256"):
        kiosk.open().blobs.path(Blob("../../x", 1, 1))
