"""`endcap devices`: by the door of a running agent, and without one."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.events import Scan
from devices.finding.sysfs import Sysfs
from devices.models import Setting
from devices.settings import SOCKET
from devices.sim.scanner import SimScanner
from devices.supervision.manager import Manager
from devices.supervision.opening import Host
from devices.technician import cli
from devices.technician.service import MOST_TOOLS, Service
from devices.technician.service_client import Client, NoAgent, Refused
from tests.devices.finding.usb_tree import UsbTree
from tests.devices.helpers import Ear
from tests.kiosk.until import until


class Bench:
    """An agent's devices: a scanner that is there, a reader that is not, and an unknown thing on USB."""

    def __init__(self, folder: Path) -> None:
        self.scanner = SimScanner(folder / "wire")
        self.config = folder / "kiosk.toml"
        self.config.write_text(
            f'[paths]\nstate = "state"\nstore = "store"\n'
            f'[[devices]]\nname = "scanner"\nmodel = "line-scanner"\nport = "{folder / "wire"}"\n'
            f'[[devices]]\nname = "reader"\nmodel = "pn532"\nport = "{folder / "none"}"\n'
        )
        (folder / "state").mkdir()
        tree = UsbTree(folder / "usb")
        tree.plug("1-1", 0x1D6B, 0x0002, product="Hub", interfaces=("09",))
        tree.plug("1-1.2", 0x1234, 0x5678, "S1", "Toaster")
        self.ear = Ear()
        self.manager = Manager(
            [
                Setting("scanner", "line-scanner", str(folder / "wire")),
                Setting("reader", "pn532", str(folder / "none"), bytes(32)),
            ],
            self.ear,
            Host(Sysfs(tree.sys, tree.dev)),
        )
        self.socket = folder / "state" / SOCKET
        self.service = Service(self.manager, self.socket)
        self.manager.start()
        self.service.start()
        until(lambda: self.manager.states() == {"scanner": "ready", "reader": "absent"})

    def close(self) -> None:
        self.service.stop()
        assert self.manager.stop()
        self.scanner.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_running_agent_tells_what_it_has(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--config", str(bench.config), "--json"]) == 1, "the reader is not there"
    known = json.loads(capsys.readouterr().out)
    assert known["agent"] is True
    assert [(one["name"], one["state"]) for one in known["devices"]] == [
        ("scanner", "ready"),
        ("reader", "absent"),
    ]
    assert known["found"] == [
        {
            "port": "slot:1-1.2",
            "usb": "1234:5678",
            "serial": "S1",
            "product": "Acme Inc. Toaster",
            "models": [],
        }
    ]


def test_options_stand_before_the_command_or_behind_it(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for words in (
        ["--config", str(bench.config), "--json", "list"],
        ["list", "--json", "--config", str(bench.config)],
    ):
        assert cli.main(words) == 1
        told.append([one["name"] for one in json.loads(capsys.readouterr().out)["devices"]])
    assert told == [["scanner", "reader"]] * 2


@pytest.mark.skipif(cli.CONFIG.exists(), reason="this machine is a kiosk")
def test_without_a_configuration_it_is_what_is_plugged_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("name\tmodel\t")
    assert "no configuration (--config FILE)" in said.err


def test_a_pipe_gets_a_line_per_device_and_a_terminal_a_table(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.main(["list", "--config", str(bench.config)])
    head, scanner, reader, toaster = [row.split("\t") for row in capsys.readouterr().out.splitlines()]
    assert head == list(cli.HEAD)
    assert scanner[:3] == ["scanner", "line-scanner", str(bench.config.parent / "wire")]
    assert scanner[3].startswith("ready for ")
    assert "opened 1" in scanner[4]
    assert reader[6] == "Plug it in; it is found by itself."
    assert toaster[1:4] == ["unknown", "slot:1-1.2", "Acme Inc. Toaster 1234:5678 serial S1"]
    monkeypatch.setenv("COLUMNS", "250")
    cli._draw(cli.listing(bench.config))
    assert "│ scanner │ line-scanner │" in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "80")
    cli._draw(cli.listing(bench.config))
    assert "…" not in capsys.readouterr().out, "a port that is cut cannot be copied"


def test_without_an_agent_the_devices_are_opened_for_a_look(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.service.stop()
    bench.manager.stop()
    assert cli.main(["--config", str(bench.config), "--json"]) == 1
    known = json.loads(capsys.readouterr().out)
    assert known["agent"] is False
    assert [(one["name"], one["state"]) for one in known["devices"]] == [
        ("scanner", "ready"),
        ("reader", "absent"),
    ]


def test_a_file_of_devices_alone_is_enough_on_a_bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(f'[[devices]]\nname = "scanner"\nmodel = "line-scanner"\nport = "{tmp_path / "s"}"\n')
    sim = SimScanner(tmp_path / "s")
    assert cli.main(["--config", str(file)]) == 0
    assert "ready" in capsys.readouterr().out
    sim.close()


def test_a_configuration_that_cannot_work_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kiosk.toml"
    for text, said in (
        ('[paths]\nstate = "s"\n[[devices]]\nname = "scanner"\nmodel = "acme"\n', "no model 'acme'"),
        ("[address]\n", "missing 'paths' - at `paths`"),
        ('[paths]\nstate = "s"\n[[devices]]\nname = 3\n', "expected name and model"),
        ("[paths", "kiosk.toml: "),
    ):
        file.write_text(text)
        assert cli.main(["--config", str(file)]) == 2
        assert said in capsys.readouterr().err


def test_events_are_watched_live_while_the_kiosk_hears_them_too(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        assert tool.ask(do="watch") == {"watching": True}
        bench.scanner.scan("42", "]E0")
        event = next(
            line for line in tool.lines() if line["event"] == "Scan"
        )  # "ready" may still be on its way
        assert (event["event"], event["device"], event["text"], event["data"]) == (
            "Scan",
            "scanner",
            "42",
            "3432",
        )
    assert bench.ear.wait(Scan).text == "42"


def test_a_device_is_traced_while_it_works(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool.send(do="trace", device="scanner")
        assert tool.next()["head"].startswith(
            "# endcap trace 1\n# model: line-scanner\n# source: recorded at "
        )
        assert tool.next() == {"tracing": "scanner"}
        with Client(bench.socket) as other, pytest.raises(Refused, match="scanner: is traced already"):
            other.ask(do="trace", device="scanner")
        bench.scanner.scan("42")
        at_s, line = tool.next()["line"].split(" ", 1)
        assert float(at_s) >= 0
        assert line.startswith("< 34")


def test_a_borrowed_device_comes_back_when_the_tool_dies(bench: Bench) -> None:
    tool = Client(bench.socket)
    assert tool.ask(do="lend", device="scanner") == {"lent": "scanner", "state": "ready"}
    bench.ear.wait(object, lambda event: getattr(event, "detail", "") == "lent")
    with Client(bench.socket) as other, pytest.raises(Refused, match="scanner: is lent already"):
        other.ask(do="lend", device="scanner")
    bench.scanner.scan("test")
    assert tool.next()["text"] == "test"
    assert tool.ask(do="trigger", on=True) == {"done": False}
    assert cli.listing(bench.config)["devices"][0]["lent"]
    tool.close()
    bench.ear.state("ready")
    bench.scanner.scan("sold")
    assert bench.ear.wait(Scan).text == "sold"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"{", "Expecting"),
        (b"[]", "expected an object"),
        (b'{"do": "dance"}', "'dance': expected list, watch, trace or lend"),
        (b'{"do": "lend"}', "expected 'device'"),
        (b'{"do": "lend", "device": "kettle"}', "no device 'kettle'; there are scanner, reader"),
        (b"\xff\xfe", ""),
    ],
)
def test_nonsense_is_answered_with_what_was_expected(bench: Bench, row: bytes, said: str) -> None:
    with Client(bench.socket) as tool:
        tool._wire.sendall(row + b"\n")
        with pytest.raises(Refused) as caught:
            tool.next()
        assert said in str(caught.value)
        assert tool.ask(do="list")["devices"]


def test_too_many_tools_are_sent_away_and_the_door_is_the_agents_alone(bench: Bench) -> None:
    tools = [Client(bench.socket) for _ in range(MOST_TOOLS)]
    for tool in tools:
        assert tool.ask(do="list")
    with Client(bench.socket) as late, pytest.raises((ConnectionError, TimeoutError)):
        late.ask(do="list")
    for tool in tools:
        tool.close()
    assert bench.socket.stat().st_mode & 0o777 == 0o600


def test_a_tool_that_does_not_read_loses_lines_and_is_told_how_many(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        tool.ask(do="watch")
        [served] = bench.service._tools
        for number in range(20_000):
            served._hear(Scan("scanner", b"x" * 40, str(number)))
        assert any("lost" in line for line in (tool.next() for _ in range(20_000)))


def test_a_watch_outlives_the_silence_between_two_events(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool.ask(do="watch")
        for code in ("first", "second"):
            with pytest.raises(TimeoutError):
                tool.next(0.01)
            bench.scanner.scan(code)
            assert tool.next()["text"] == code


def test_half_a_line_is_kept_until_its_other_half_comes(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()
        with Client(tmp_path / "agent") as tool:
            agent, _ = server.accept()
            with agent:
                agent.sendall(b'{"half":')
                with pytest.raises(TimeoutError, match="does not answer"):
                    tool.next(0.01)
                agent.sendall(b' 1}\n{"whole": 2}\n')
                assert [tool.next(), tool.next()] == [{"half": 1}, {"whole": 2}]
            with pytest.raises(ConnectionError):
                tool.next()


def test_nobody_at_home(tmp_path: Path) -> None:
    with pytest.raises(NoAgent):
        Client(tmp_path / "none.sock")
