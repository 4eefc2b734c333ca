"""What stands before and behind every page: limits, sizes, slowness, headers, compression, errors in every language."""

from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from fleet.config import Config, ServeError
from fleet.serve import Fleet
from fleet.web.app import security_headers
from fleet.web.gate import FORMS, MOST_BODY, client_of, networks
from fleet.web.patience import Patient
from fleet.web.wire import coding_for, packed

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The pages of a fleet whose broker is away."""
    config = Config(data=tmp_path_factory.mktemp("fleet"), broker_port=1, port=0)
    with Fleet(config) as fleet, httpx.Client(base_url=fleet.url, trust_env=False) as client:
        yield client


# --- who asks -----------------------------------------------------------------------------------------------------


def scope(peer: str, *forwarded: str) -> dict[str, Any]:
    return {
        "type": "http",
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", text.encode()) for text in forwarded],
    }


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),  # nobody asked it
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        (
            "127.0.0.1",
            ("6.6.6.6, 198.51.100.1",),
            "198.51.100.1",
        ),  # the first is what the client wrote itself
        ("127.0.0.1", ("6.6.6.6", "198.51.100.1, 10.1.2.3"), "198.51.100.1"),
        ("127.0.0.1", ("nonsense",), "127.0.0.1"),
        ("127.0.0.1", ("6.6.6.6, unknown",), "127.0.0.1"),
        ("127.0.0.1", ("x" * 100_000,), "127.0.0.1"),
        ("127.0.0.1", ("198.51.100.1:40123",), "198.51.100.1"),
        ("127.0.0.1", ("[2001:db8:1:2:3::4]:40123",), "2001:db8:1:2::/64"),
        ("127.0.0.1", ("2001:db8:1:2:3::4",), "2001:db8:1:2::/64"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("2001:db8:1:2:3::4", (), "2001:db8:1:2::/64"),
    ],
)
def test_a_client_is_who_trusted_proxies_say(peer: str, forwarded: tuple[str, ...], client: str) -> None:
    assert client_of(scope(peer, *forwarded), networks(["127.0.0.0/8", "10.0.0.0/8"])) == client


def test_a_proxy_that_is_no_address_is_said(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="trusted proxy 'nginx': expected an IP address or network"):
        Fleet(Config(data=tmp_path, port=0, trusted_proxies=("nginx",)))


# --- how often, how much, how slowly ------------------------------------------------------------------------------


def test_a_flood_of_forms_waits_and_others_do_not(pages: httpx.Client) -> None:
    flood = {"x-forwarded-for": "198.51.100.7"}
    answers = [pages.post("/nowhere?lang=de", headers=flood) for _ in range(int(FORMS.burst) * 2)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert "Einen Moment, bitte" in refused.text
    assert pages.post("/nowhere", headers={"x-forwarded-for": "198.51.100.8"}).status_code == 404
    assert pages.get("/healthz", headers=flood).status_code == 503, "it has no broker; reading is free"


def test_more_than_any_form_needs_is_refused(pages: httpx.Client) -> None:
    assert pages.post("/o/x", content=b"x" * (MOST_BODY + 1)).status_code == 413


class Hasty(Patient):
    """As in production, with less patience."""

    head_s = 0.2


async def _hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def hasty() -> Iterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(_hello, http=Hasty, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join(60)
    listener.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_who_opens_a_connection_and_dawdles_is_hung_up_on(hasty: tuple[str, int], begun: bytes) -> None:
    with socket.create_connection(hasty, timeout=10) as line:
        line.sendall(begun)
        assert line.recv(1) == b""


def test_a_second_request_may_not_dawdle_either(hasty: tuple[str, int]) -> None:
    with socket.create_connection(hasty, timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert line.recv(1) == b""


def test_headers_without_an_end_are_hung_up_on(hasty: tuple[str, int]) -> None:
    with (
        socket.create_connection(hasty, timeout=10) as line,
        pytest.raises(OSError, match=r"reset|Broken pipe|aborted"),
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        for _ in range(10_000):
            line.sendall(b"x" * 65_536)


@pytest.mark.parametrize(
    "host", ["[", "[::1", "[:::]", "a b", "x@y", "evil.example/", '"><b>', "a,b", "\u00e9"]
)
@pytest.mark.parametrize("path", ["/", "/o/x", "/01/00012345678905"])
def test_a_host_no_name_can_be_is_refused(pages: httpx.Client, host: str, path: str) -> None:
    answer = pages.get(path, headers={b"host": host.encode("latin-1")})
    assert answer.status_code == 400
    assert host not in answer.text


def test_an_origin_nobody_can_have_is_not_ours(pages: httpx.Client) -> None:
    assert pages.post("/c", headers={"origin": "http://["}).status_code == 403


# --- headers ------------------------------------------------------------------------------------------------------


def test_every_answer_is_guarded_errors_too(pages: httpx.Client) -> None:
    for path in ("/", "/healthz", "/static/base.css", "/nowhere", "/o/x"):
        headers = pages.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers, "over plain HTTP it would be ignored"
        assert "server" not in headers


def test_a_shop_on_the_web_is_https_for_good_and_in_nobodys_frame() -> None:
    headers = security_headers("https://shop.example")
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert "http://127.0.0.1:*" in security_headers("http://127.0.0.1:8480")["content-security-policy"]


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "There is nothing here"),
        ("zh", "这里什么也没有"),
        ("ar", "لا يوجد شيء هنا"),
        ("de", "Hier ist nichts"),
    ],
)
def test_an_error_speaks_the_readers_language(pages: httpx.Client, language: str, words: str) -> None:
    answer = pages.get("/nowhere", headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in answer.text
    assert answer.headers["content-language"] == language


def test_a_method_that_is_not_allowed_says_which_are(pages: httpx.Client) -> None:
    answer = pages.delete("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "This page cannot do that" in answer.text


# --- over the wire ------------------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_any_accept_encoding_is_read(text: str) -> None:
    assert coding_for(text) in ("br", "gzip", "")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"), ("gzip;q=0.5, br;q=0", "gzip"), ("*", "gzip"), ("identity", ""), ("", ""),
        ("GZIP", "gzip"), ("br;q=0.0, gzip; q=0", ""),
    ],
)  # fmt: skip
def test_the_best_coding_a_browser_takes_is_chosen(accepted: str, coding: str) -> None:
    assert coding_for(accepted) == coding


@given(st.binary(max_size=5000))
def test_what_is_packed_can_be_unpacked(body: bytes) -> None:
    assert gzip.decompress(packed(body, "gzip")) == body
    assert brotli.decompress(packed(body, "br")) == body
    assert packed(body, "") == body


def test_pages_and_styles_are_compressed_and_not_sent_twice(pages: httpx.Client) -> None:
    page = pages.get("/nowhere", headers={"accept-encoding": "br"})
    assert page.headers["content-encoding"] == "br"
    assert "accept-encoding" in page.headers["vary"]
    style = re.findall(r'href="(/static/phone\.[0-9a-f]{10}\.css)"', page.text)[0]
    first = pages.get(style, headers={"accept-encoding": "br"})
    assert "immutable" in first.headers["cache-control"]
    assert first.headers["content-encoding"] == "br"
    again = pages.get(style, headers={"accept-encoding": "br", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = pages.get("/static/phone.css", headers={"accept-encoding": "identity"})
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.text == first.text
    assert pages.get("/static/../app.py").status_code == 404
