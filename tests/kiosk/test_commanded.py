"""Commands from a typed line to the kiosk and back, over a real broker: lost lines, dead agents, payments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fleet.broker.broker import Broker, start_broker
from fleet.cli import command as cli_command
from fleet.cli import desired as cli_desired
from fleet.clock import now_ms
from fleet.config import Config
from fleet.operating.commands import Wish
from fleet.serve import Fleet
from mqtt.client import Client
from mqtt.commands import CommandState
from mqtt.messages import encode
from mqtt.topics import Address
from tests.servers import kill_broker, wait_until

PICTURE = b"RIFF" + bytes(range(256)) * 600
HELPER = Path(__file__).with_name("commanded_process.py")


class Agent:
    """A kiosk's agent in a process of its own, which may be killed."""

    def __init__(self, state: Path, port: int, name: str) -> None:
        self.address = Address("demo", "s1", name)
        self._arguments = [sys.executable, str(HELPER), str(state), str(port), name]
        self.log = state / "agent.log"
        self._state = state
        state.mkdir(exist_ok=True)
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "ENDCAP_RESTARTED_BY": "test",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._arguments, stdout=log, stderr=log, env=environment)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def pictures(self) -> int:
        """How often it was asked for one."""
        try:
            return (self._state / "pictures").stat().st_size
        except OSError:
            return 0

    def hang(self, on: bool) -> None:
        """Whether pictures never come."""
        (self._state / "hang").write_text("") if on else (self._state / "hang").unlink()


class World:
    """A broker, a fleet, and an agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker: Broker = start_broker(folder / "broker")
        self.port = self.broker.port
        config = Config(data=folder / "fleet", broker_host=self.broker.host, broker_port=self.port, port=0)
        self.fleet = Fleet(config)
        self.fleet.start()
        self.agent = Agent(folder / "kiosk", self.port, "K1")
        self.book = self.fleet.commands.book
        self.is_there()

    def is_there(self) -> None:
        wait_until(lambda: self.standing().heard_ms, "the kiosk's report", 60)

    def standing(self) -> Any:
        return self.fleet.commands.desires.standing("demo/s1/K1")

    def give(self, what: str, **more: Any) -> str:
        wish = Wish(what, "ada", "to see", more.pop("arguments", {}), **more)
        return self.fleet.commands.give([self.agent.address], wish)[0]

    def state(self, command: str) -> str:
        entry = self.book.entry(command)
        assert entry is not None
        return entry.state

    def ends(self, command: str, state: str, reason: str = "") -> None:
        wait_until(lambda: self.has_ended(command), f"the end of {command}", 90)
        entry = self.entry(command)
        assert (entry.state, entry.reason) == (state, reason), entry

    def has_ended(self, command: str) -> bool:
        """By the kiosk's own word: what the fleet writes meanwhile of one that is slow to answer gives way to it."""
        entry = self.entry(command)
        return bool(entry.over and entry.said_by == "kiosk")

    def sends_again(self, command: str, heard_ms: int) -> None:
        """As often as the kiosk reports after `heard_ms`, until it answers: what is sent while it is not there is lost."""

        def answered() -> bool:
            nonlocal heard_ms
            if (heard := self.standing().heard_ms) > heard_ms:
                heard_ms = heard
                self.fleet.line.send(self.agent.address, self.entry(command).command())
            return self.has_ended(command)

        wait_until(answered, f"the kiosk to be back and to answer {command}", 120)

    def entry(self, command: str) -> Any:
        return self.book.entry(command)

    def close(self) -> None:
        self.agent.end()
        self.fleet.stop()
        self.broker.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


pytestmark = pytest.mark.server


def test_each_command_has_its_whole_life(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(*words: str) -> tuple[int, str]:
        asked = ["demo/s1/K1", *words, "--by", "ada", "--why", "to see", "--fleet", world.fleet.url]
        code = cli_command.main(asked)
        return code, capsys.readouterr().out

    code, said = run("identify", "--set", "seconds=1", "--wait")
    assert code == 0
    assert [line.split()[2] for line in said.splitlines()] == ["sent", "accepted", "running", "done"]
    code, said = run("screenshot", "--save", str(tmp_path / "results"))
    assert code == 0
    (saved,) = (tmp_path / "results").glob("*.webp")
    assert saved.read_bytes() == PICTURE
    code, said = run("collect-logs", "--wait")
    assert code == 0
    code, said = run("self-test", "--wait")
    assert "device" not in said or code in (0, 1)
    code, said = run("reboot", "--wait")
    assert code == 1
    assert "refused" in said
    code, said = run("identify", "--set", "seconds=0", "--wait")
    assert code == 1
    assert "bad-arguments" in said
    assert (
        cli_command.main(["nobody", "identify", "--by", "a", "--why", "b", "--fleet", world.fleet.url]) == 1
    )
    assert (
        cli_command.main(["K1", "identify", "--by", "a", "--why", "b", "--fleet", "http://127.0.0.1:1"]) == 1
    )
    page = httpx.get(f"{world.fleet.url}/commands", trust_env=False).text
    assert "demo/s1/K1" in page
    assert "bad-arguments" in page


def test_a_restart_is_done_by_who_comes_back(world: World) -> None:
    asked = world.give("restart-agent")
    assert world.agent.process.wait(60) == 75
    assert world.state(asked) == "running"
    world.agent.start()
    world.ends(asked, "done")


def test_a_kiosk_killed_before_the_end_tells_of_it_and_begins_nothing_anew(world: World) -> None:
    world.agent.hang(True)
    asked = world.give("screenshot")
    wait_until(lambda: world.agent.pictures() == 1, "the picture to be asked for", 60)
    world.agent.kill()
    world.agent.hang(False)
    world.agent.start()
    world.ends(asked, "failed", "interrupted")
    entry = world.entry(asked)
    assert world.fleet.line.send(world.agent.address, entry.command())
    later = world.give("collect-logs")
    world.ends(later, "done")
    assert world.agent.pictures() == 1


def test_a_broker_killed_before_the_end_delays_the_word_and_loses_nothing(world: World) -> None:
    world.agent.hang(True)
    asked = world.give("screenshot")
    wait_until(lambda: world.state(asked) == "running", "it to run", 60)
    kill_broker(world.broker)
    world.agent.hang(False)
    world.broker = start_broker(world.folder / "broker", world.port)
    world.ends(asked, "done")
    found = world.book.result(asked)
    assert found == ("image/webp", PICTURE)
    assert world.agent.pictures() == 1


def test_what_nobody_hears_expires_and_is_not_begun_later(world: World) -> None:
    world.agent.kill()
    asked = world.give("screenshot", valid_s=1)
    entry, before = world.entry(asked), world.standing().heard_ms
    wait_until(lambda: now_ms() >= entry.at_ms + 1000 * entry.valid_s, "it to be too late")
    world.agent.start()
    world.sends_again(asked, before)
    world.ends(asked, "expired")
    assert world.agent.pictures() == 0


def test_the_same_command_twice_is_one(world: World) -> None:
    asked = world.give("screenshot")
    entry = world.entry(asked)
    for _ in range(5):
        world.fleet.line.send(world.agent.address, entry.command())
    world.ends(asked, "done")
    later = world.give("collect-logs")
    world.ends(later, "done")
    assert world.agent.pictures() == 1


def test_somebody_else_cannot_speak_for_the_kiosk(world: World) -> None:
    world.agent.hang(True)
    asked = world.give("screenshot")
    wait_until(lambda: world.state(asked) == "running", "it to run", 60)
    liar = Client(world.broker.host, world.port, "liar")
    liar.start()
    wait_until(lambda: liar.connected, "the liar")
    other = Address("demo", "s1", "K2")
    assert liar.publish(other.command_states, encode(CommandState(id=asked, state="done", wall_ms=1)))
    wait_until(lambda: world.fleet.commands.counters["refused"] == 1, "the refusal")
    liar.stop()
    assert world.state(asked) == "running"
    world.agent.hang(False)
    world.ends(asked, "done")


def test_how_it_is_to_be_holds_over_restarts(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "demo/s1/K1",
        "--out-of-service",
        "--by",
        "ada",
        "--why",
        "lift works",
        "--fleet",
        world.fleet.url,
    ]
    assert cli_desired.main(words) == 0
    wait_until(lambda: world.standing().agreed, "the kiosk to agree", 60)
    assert world.standing().reported.out_of_service
    world.agent.kill()
    before = world.standing().heard_ms
    world.agent.start()
    wait_until(lambda: world.standing().heard_ms > before, "the next report", 60)
    assert world.standing().reported.out_of_service
    assert cli_desired.main(["demo/s1/K1", "--fleet", world.fleet.url]) == 0
    assert '"agreed": true' in capsys.readouterr().out
    assert cli_desired.main(["demo/s1/K1", "--in-service", "--fleet", world.fleet.url]) == 1
