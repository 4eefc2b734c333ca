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

from devices.protocol import lines

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
