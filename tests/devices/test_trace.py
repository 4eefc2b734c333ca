"""Traces: written, read again, and honest about what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import Gone
from devices.events import CardSeen, Scan
from devices.trace import (
    BadTrace,
    Broke,
    Expected,
    Line,
    Moved,
    Trace,
    expected_of,
    line_of,
    matched,
    parse_trace,
    read_trace,
    write_trace,
)
from devices.transport.base import ReportTransport
from devices.transport.memory import memory_pair
from devices.transport.recording import recording

EXAMPLE = """# endcap trace 1
# model: line-scanner
# source: typed by hand
# a remark

0.0 > 16 54 0D
0.1 < 39353231 0d0a
0.2 < ?12
1.5 ! Gone
= Scan {"text": "9521", "aim": ""}
"""


def test_a_trace_is_read() -> None:
    trace = parse_trace(EXAMPLE)
    assert (trace.model, trace.source) == ("line-scanner", "typed by hand")
    assert trace.lines == (
        Moved(0.0, False, b"\x16T\r"),
        Moved(0.1, True, b"9521\r\n"),
        Moved(0.2, True, b"", 12),
        Broke(1.5, "Gone"),
        Expected("Scan", {"text": "9521", "aim": ""}),
    )
    assert trace.to_host == trace.lines[1:3]


def test_an_expectation_looks_at_the_fields_it_names() -> None:
    [expected] = parse_trace(EXAMPLE).expected
    assert expected.fits(Scan("anyone", b"9521", "9521", at=7.0))
    assert not expected.fits(Scan("anyone", b"9521", "9521", "]E0"))
    assert not expected.fits(CardSeen("anyone", "9521"))
    assert expected_of(Scan("s", b"\x1d1", "x"), "data").fields == {"data": "1d31"}


def test_what_differs_is_said() -> None:
    one, two = Expected("Scan", {"text": "1"}), Scan("s", b"2", "2")
    assert matched([one], [Scan("s", b"1", "1")]) == ""
    assert matched([one], [two]).startswith('event 1: expected Scan {"text": "1"}, got Scan(')
    assert "got nothing more" in matched([one], [])
    assert "expected nothing more" in matched([], [two])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: expected '# endcap trace 1'"),
        ("0 < 00\n", "line 1: expected '# endcap trace 1'"),
        ("# endcap trace 1\n0 < 0\n", "line 2: expected pairs of hexadecimal digits, got '0'"),
        ("# endcap trace 1\n0 <> 00\n", "line 2: expected `SECONDS < HEX`"),
        ("# endcap trace 1\n2 < 00\n1 < 00\n", "line 3: time runs backwards, 1 s after 2 s"),
        ("# endcap trace 1\n= Scan {]}\n", "line 2: after Scan expected JSON"),
        ("# endcap trace 1\n# descriptor: 0x05\n", "descriptor: expected pairs"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.trace"
    path.write_text(text)
    with pytest.raises(BadTrace) as caught:
        read_trace(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


times = st.integers(0, 10**9).map(lambda micro: micro / 1_000_000)
lines: st.SearchStrategy[Line] = st.one_of(
    st.builds(Moved, times, st.booleans(), st.binary(min_size=1)),
    st.builds(Moved, times, st.booleans(), st.just(b""), st.integers(1, 9999)),
    st.builds(Broke, times, st.sampled_from(["Gone", "Timeout"])),
    st.builds(Expected, st.just("Scan"), st.dictionaries(st.text(), st.text())),
)


@given(st.lists(lines, max_size=20), st.binary(max_size=80))
def test_what_is_written_is_read_again(some: list[Line], descriptor: bytes) -> None:
    some.sort(key=lambda line: 0.0 if isinstance(line, Expected) else line.at_s)
    head = f"# endcap trace 1\n# model: m\n# source: s\n# descriptor: {descriptor.hex()}\n"
    text = head + "".join(f"{line_of(line)}\n" for line in some)
    assert parse_trace(text) == Trace("m", "s", tuple(some), descriptor)


def test_a_file_is_written_and_read_again(tmp_path: Path) -> None:
    trace = parse_trace(EXAMPLE)
    write_trace(tmp_path / "one.trace", trace)
    assert read_trace(tmp_path / "one.trace") == trace


class TestRecording:
    def test_everything_on_the_wire_becomes_a_line(self) -> None:
        ours, theirs = memory_pair()
        heard: list[Line] = []
        ticks = iter((10.0, 10.5, 11.0, 12.0))
        wire = recording(ours, heard.append, clock=lambda: next(ticks))
        wire.write(b"ask", 1.0)
        theirs.write(b"answer", 1.0)
        assert wire.read(1.0) == b"answer"
        assert theirs.read(0) == b"ask"
        theirs.unplug()
        with pytest.raises(Gone):
            wire.read(1.0)
        assert heard == [Moved(0.5, False, b"ask"), Moved(1.0, True, b"answer"), Broke(2.0, "Gone")]

    def test_a_readers_bytes_are_counted_and_not_written(self) -> None:
        ours, theirs = memory_pair()
        heard: list[Line] = []
        wire = recording(ours, heard.append, withhold=True)
        theirs.write(b"\x04\xa2\xb3\xc4", 1.0)
        assert wire.read(1.0) == b"\x04\xa2\xb3\xc4"
        wire.write(b"\x04\xa2", 1.0)
        assert [line_of(line).split(" ", 1)[1] for line in heard] == ["< ?4", "> ?2"]

    def test_a_hid_device_stays_one(self) -> None:
        ours, _ = memory_pair(descriptor=b"\x05\x8c")
        wire = recording(ours, lambda line: None)
        assert isinstance(wire, ReportTransport)
        assert wire.descriptor == b"\x05\x8c"
