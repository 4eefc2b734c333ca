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

from devices.errors import ProtocolError, Timeout
from devices.protocol import (
    acr122,
    acr1252,
    ccid,
    escpos_job,
    escpos_status,
    escpos_terms,
    lines,
    ndef,
    own_app,
    pcsc,
    pn532_targets,
    ssi,
    tag_reading,
)
from devices.protocol import aim as aims
from devices.protocol.commands import Commands, Datalogic, De2120, Honeywell
from devices.protocol.gm65 import Gm65
from devices.protocol.gs1 import associations, digital_link, elements, scan_data
from devices.protocol.newland import Newland
from devices.protocol.ssi_host import Host

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
        if data:
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


@target(
    "escpos-status",
    bytes.fromhex("00 12 18 00 00 0f 37 22 41 42 43 44 00 37 25 00 11 13"),
    bytes.fromhex("21 1a 32 12 7e 5f 54 4d 00"),
)
def escpos_status_parser(data: bytes) -> None:
    """An answer and a group behind any garbage and a pause are read; a block never grows."""
    parser, now = escpos_status.ReplyParser(), 0.0
    for piece in pieces(data):
        now += 0.001 if piece[0] & 1 else 1.0
        for reply in parser.feed(piece, now):
            if isinstance(reply, escpos_status.Processed):
                assert len(reply.mark) == 4
        assert len(parser._open) <= escpos_status.MOST
    good = [escpos_status.Answer(0x16), escpos_status.AutoStatus(b"\x10\x00\x00\x0f")]
    assert parser.feed(b"\x16\x10\x00\x00\x0f", now + 1.0) == good


@target("escpos-job", bytes.fromhex("00 12 12 12 12 12 37 22 41 42 43 44 00"), b"\x13" + b"\x12" * 40)
def escpos_job_session(data: bytes) -> None:
    """Whatever a printer says, a session ends its job once, and never says it is printed without its process id."""
    marks: list[bytes] = []

    def mark() -> bytes:
        marks.append(b"@@@" + bytes((0x40 + len(marks) % 16,)))
        return marks[-1]

    session = escpos_job.PrintSession(escpos_terms.Abilities(("process-id",), True, True), mark)
    session.print("job", [b"body\n", b"seal\n"])
    outcomes, now, heard = list[escpos_terms.Happening](), 0.0, b""
    for piece in (*pieces(data), *[b""] * 40):
        now += 0.01 if piece and piece[0] & 1 else 1.5
        heard += piece
        outcomes += session.feed(piece, now)
        while out := session.outgoing():
            session.sent(len(out), now)
        assert len(session._outbox) <= 8192
    told = [one for one in (*outcomes, *session.lost()) if isinstance(one, escpos_terms.Finished)]
    assert len(told) == 1
    assert told[0].reason or any(mark in heard for mark in marks)


def _talk(parser: lines.LineParser, data: bytes) -> int:
    """Feed it all; the size of the codes that came out."""
    now, size = 1.0, 0
    for piece in pieces(data):
        now += 0.001
        for event in parser.feed(piece, now):
            size += len(event.data) if isinstance(event, lines.Code) else 0
    for event in parser.timeout(now + 0.5):
        size += len(event.data) if isinstance(event, lines.Code) else 0
    parser.timeout(now + 2.0)
    return size


_GM65_YES, _NEWLAND_YES = bytes.fromhex("02000001003331"), b"\x02\x010000#SCNTRG1\x06;\x03"
FAMILIES: dict[str, tuple[Commands, bytes, bytes]] = {
    "honeywell": (Honeywell(), Honeywell().menu(b"232BAD9"), b"\x00232BAD9\x06!4006381333931\r"),
    "datalogic": (Datalogic(), b"s", b"\x32\x01\x02R610\x03\x044006381333931\r"),
    "de2120": (De2120(), b"^_^SCAN.", b"\x00]Q1x\r\n\x06]Q1y\r\n"),
    "gm65": (Gm65(), Gm65().trigger(True), b"\x21" + _GM65_YES + b"4006381333931\r"),
    "newland": (Newland(), Newland().trigger(True), b"\x77" + _NEWLAND_YES + b"4006381333931\r"),
}


def _enter_families() -> None:
    for name, (family, asked, seed) in FAMILIES.items():

        def commanded(data: bytes, family: Commands = family, asked: bytes = asked) -> None:
            """Whatever comes, a code behind it is read and the command is answered or given up."""
            parser = lines.LineParser(commands=family)
            parser.expect(asked, 1.0)
            assert _talk(parser, data) <= len(data)
            assert not parser.awaiting
            assert parser.feed(b"]E04006381333931\r", 99.0) == [
                lines.Code(b"4006381333931", "4006381333931", "]E0")
            ]

        target(name, seed)(commanded)


_enter_families()


def _packet(opcode: int, data: bytes, status: int = 0) -> bytes:
    return ssi.build(opcode, data, status, ssi.DECODER)


@target(
    "ssi",
    b"\x11" + _packet(ssi.DECODE_DATA, b"\x0b4006381333931") + _packet(ssi.DECODE_DATA, b"\x0b96385074", 1),
    b"\x00"
    + _packet(ssi.MULTIPACKET, b"\x00\xf3\x00\x00\x00\x08\x1c\x01\x00\x05ab")
    + _packet(ssi.MULTIPACKET, b"\x01cde"),
    b"\x05" + _packet(ssi.ACK, b"") + _packet(ssi.NAK, b"\x01") + _packet(ssi.EVENT, b"\x20"),
)
def ssi_host(data: bytes) -> None:
    """Behind any garbage and a pause a code is read and acknowledged; what is sent back is bounded."""
    host, now = Host(), 1.0
    host.command(ssi.BEEP, b"\x00")
    for piece in pieces(data):
        now += 0.01
        host.feed(piece, now)
        assert len(host.to_send(now)) <= 16 + 8 * len(data)
    for _ in range(4):
        now += 2.5
        host.timeout(now)
        host.to_send(now)
    assert not host.waiting
    read = host.feed(_packet(ssi.DECODE_DATA, b"\x0b4006381333931"), now + 5.0)
    assert read == [lines.Code(b"4006381333931", "4006381333931", "]E0")]
    assert host.to_send(now + 5.0) == ssi.build(ssi.ACK)


@target(
    "ndef",
    bytes.fromhex("00 d1 01 0d 55 04 73 68 6f 70 2e 65 78 61 6d 70 6c 65"),
    bytes.fromhex("00 d1 02 09 53 70 d1 01 05 54 02 65 6e 4f 4b"),
)
def ndef_message(data: bytes) -> None:
    """What is read is written and read again as the same; its addresses and texts have words or are refused."""
    records = ndef.decode(data[1:])
    assert 1 <= len(records) <= ndef.MOST_RECORDS
    assert sum(len(record.payload) for record in records) <= ndef.MOST_MESSAGE
    if all(record.tnf < ndef.UNCHANGED for record in records):
        assert ndef.decode(ndef.encode(records)) == records
    for record in records:
        ndef.uri_of(record)
        ndef.text_of(record)


_TYPE_2 = bytes.fromhex(
    "00 00000000 00000000 00000000 e1101200 0103a00c34 0305d101015500 fe 00000000000000000000000000000000"
)
_TYPE_4 = bytes.fromhex("20 000f20003b00340406e104003200009000 9000 0003d0000090009000")


@target("tag-reading", _TYPE_2, _TYPE_4)
def tag(data: bytes) -> None:
    """A tag that says anything is read or refused, within as many questions as a message has bytes."""
    left = (
        [piece + (b"" if len(data) % 2 else b"\x90\x00") for piece in pieces(data)]
        if data[:1] != b"\x20"
        else [data[1:]]
    )
    memory, asked = data[1:] or b"\0", 0

    def exchange(question: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if question[0] == 0x30:
            start = question[1] * 4 % len(memory)
            return (memory[start:] + memory * 16)[:16]
        return left.pop(0) if left else memory[: question[-1]] + b"\x90\x00"

    sel_res = data[0] & 0x20 if data else 0
    reading = tag_reading.read(
        tag_reading.Target(b"", b"", sel_res, b""), aid=own_app.AID if len(data) % 3 else None
    )
    try:
        content = tag_reading.run(reading, exchange)
        assert len(content.message) <= ndef.MOST_MESSAGE
    finally:
        assert asked <= ndef.MOST_MESSAGE + 260


@target(
    "ccid",
    bytes.fromhex("00 800a000000000102810041435231323255323136"),
    bytes.fromhex("93 8000000000000100fe00 80010000000001800300aa"),
)
def ccid_host(data: bytes) -> None:
    """At most one answer per question, and an answer behind any garbage and a new question is read."""
    host = ccid.Host()
    host.transfer(bytes(len(data) % 64))
    found = [event for piece in pieces(data) for event in host.feed(piece)]
    assert sum(isinstance(event, ccid.Answer | ccid.Refused) for event in found) <= 1
    assert len(host._parser._buffer) <= ccid.HEADER + ccid.MOST_DATA
    assert len(host._parts) <= ccid.MOST_ANSWER
    seq = host.transfer(b"")[6]
    good = host.feed(b"\x80\x02\0\0\0\0" + bytes([seq]) + b"\0\0\0\x90\0")
    assert good == [ccid.Answer(b"\x90\0", 0)]


@target(
    "pcsc",
    bytes.fromhex("3b8f8001804f0ca0000003060300030000000068"),
    bytes.fromhex("e1000000014f"),
    bytes.fromhex("04a1b2c3d4e5f69000"),
)
def pcsc_answers(data: bytes) -> None:
    """An ATR, a number, pages and a reader's own answers are taken or refused."""
    checks = (
        pcsc.sel_res_of,
        pcsc.uid_of,
        lambda answer: pcsc.answered(b"\x30\x04", answer),
        lambda answer: pcsc.answered(b"\x00\xb0", answer),
        acr1252.version,
        acr1252.one_byte,
    )
    for check in checks:
        try:
            check(data)
        except (ProtocolError, Timeout):
            continue


@target(
    "acr122",
    b"\x00ACR122U216",
    b"\x00\x90\x7f",
    bytes.fromhex("32 d5339000"),
    bytes.fromhex("4a d54b010100440704a1b2c3d4e5f69000"),
)
def acr122_answers(data: bytes) -> None:
    """An answer is one to its command or refused."""
    checks = (
        acr122.version,
        acr122.atr,
        acr122.lamps_set,
        lambda answer: acr122.parameters_set(answer, 0x7F),
        lambda answer: acr122.echoed(answer, 7),
        lambda answer: pn532_targets.target_of(acr122.chip_answer(answer, data[0])),
        lambda answer: pn532_targets.exchanged(acr122.chip_answer(answer, data[0])),
    )
    for check in checks if data else ():
        try:
            check(data[1:])
        except (ProtocolError, Timeout):
            continue


# They enter their own, and need what stands above.
from tests.fuzz import hid_targets as hid_targets  # noqa: E402
from tests.fuzz import house_targets as house_targets  # noqa: E402
from tests.fuzz import pn532_wire as pn532_wire  # noqa: E402
