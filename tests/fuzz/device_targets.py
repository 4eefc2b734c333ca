"""Every parser of devices/protocol under a hail of bytes: the table the fuzzer and the replayed seeds run through.

To add a parser: a function that takes any bytes, feeds them as they would come over the wire, and asserts what must
hold; and a few inputs that reach its depths.

    @target("ssi", bytes.fromhex("05 D1 00 00 01 FF 29"))
    def ssi(data: bytes) -> None: ...

What must hold of every one: nothing is raised but devices.errors.ProtocolError; what is kept stays below a bound
whatever came; after garbage the parser reads a good frame again, the one behind the garbage or the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from devices.errors import ProtocolError
from devices.protocol import aim as aims
from devices.protocol import lines
from devices.protocol.gs1 import associations, digital_link, elements, scan_data

Target = Callable[[bytes], None]

TARGETS: dict[str, Target] = {}
SEEDS: dict[str, tuple[bytes, ...]] = {}


def target(name: str, *seeds: bytes) -> Callable[[Target], Target]:
    """Enter a function into the table under `name`, with inputs to begin from."""

    def enter(function: Target) -> Target:
        assert name not in TARGETS, f"two targets are called {name}"
        TARGETS[name], SEEDS[name] = function, (b"", *seeds)
        return function

    return enter


def pieces(data: bytes) -> Iterator[bytes]:
    """`data` in pieces as a wire brings it. The first byte says how: 0 whole, else in turn by its low and high half."""
    if not data:
        return
    how, data = data[0], data[1:]
    if not how:
        yield data
        return
    sizes, start, turn = ((how & 15) + 1, (how >> 4) + 1), 0, 0
    while start < len(data):
        yield data[start : start + sizes[turn]]
        start, turn = start + sizes[turn], 1 - turn


@target("lines", b"\x00]Q1https://example.com/01/09506000134352\r\n", b"\x11]E09506000134352\r")
def line_scanner(data: bytes) -> None:
    """A code behind any garbage and a pause is read, and no byte is read twice."""
    parser, now, size = lines.LineParser(), 0.0, 0
    for piece in pieces(data):
        now += 0.001
        events = parser.feed(piece, now)
        if piece[0] & 7 == 7:
            now += 1.0
            events += parser.timeout(now)
        for event in events:
            assert isinstance(event, lines.Code)
            assert 0 < len(event.data) <= lines.MOST
            size += len(event.data)
    assert size <= len(data)
    parser.timeout(now + 1.0)
    read = parser.feed(b"]E04006381333931\r", now + 2.0)
    assert read == [lines.Code(b"4006381333931", "4006381333931", "]E0")]
    parser.timeout(now + 3.0)
    assert parser.wait_s(now + 3.0) is None


@target(
    "gs1",
    b"\x00]Q3010950600013435217271231\x1d10L-7",
    b"\x00(01)09506000134352(10)A\\(B(8110)0506000123456151201011011102931234",
    b"\x00]Q1https://a.example/x/01/09506000134352/10/A%2fB/21/7?17=271231&x=y#z",
    b"\x00]E04006381333931|]e010A\x1d21B",
    b"\x00]C18007DE91100000000123456789\x1d8013 1987654Ad4X4bL5ttr2310c2K\x1d4309027908584835",
)
def gs1(data: bytes) -> None:
    """Whatever was read is written and read as the same."""
    text = data[1:].decode("latin-1")
    for read in (elements.parse_bracketed, digital_link.parse, scan_data.parse):
        with suppress(ProtocolError):
            read(text)
    try:
        found = elements.parse(aims.split(text)[1])
    except ProtocolError:
        return
    assert len(found) <= 64
    assert elements.parse(elements.write(found)) == found
    assert elements.parse_bracketed(elements.write_bracketed(found)) == found
    associations.problems(found)
    try:
        link = digital_link.of(found)
    except ProtocolError:
        return
    assert digital_link.parse(digital_link.write(link)) == link
