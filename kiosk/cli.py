"""`endcap kiosk run | agent | ui | outbox | fetch | content | bake`: the program in the station, in one process or in two, and what it keeps."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import msgspec

from content.store import StoreError
from kiosk.clock.clock import SystemClock
from kiosk.config import BadConfig, Config, load_config
from kiosk.ledger.look import in_words, look
from kiosk.link.link import ScreenEnd, memory_pair
from kiosk.link.socket import SocketAgentEnd, SocketScreenEnd
from kiosk.operated.hands import watched
from kiosk.operated.logs import keep_log
from kiosk.software.following import follower
from kiosk.starting import KioskProgram
from kiosk.views import Panel

RESTART = 75  # exit code of a program that wants to be started again: EX_TEMPFAIL of sysexits.h
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 where it ended as asked, 1 with one line where it could not go on."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log, format="%(levelname)s %(name)s: %(message)s")
    keep_log()
    try:
        return int(options.run(options) or 0)
    except (BadConfig, StoreError, OSError) as error:
        print(f"endcap kiosk: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"endcap kiosk: needs {error.name}; in Endcap's folder: pip install '.[kiosk]'", file=sys.stderr
        )
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap kiosk", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="agent and screen in one process")
    run.set_defaults(run=_run)
    agent = commands.add_parser("agent", help="the agent alone; the screen joins through a socket")
    agent.set_defaults(run=_agent)
    screen = commands.add_parser("ui", help="the screen alone")
    screen.set_defaults(run=_screen)
    screen.add_argument(
        "--socket", type=Path, help="where the agent listens (default: in the state folder of --config)"
    )
    for command in (run, agent):
        command.add_argument(
            "--config", type=Path, required=True, metavar="FILE", help="the kiosk's TOML file"
        )
    screen.add_argument(
        "--config", type=Path, metavar="FILE", help="the kiosk's TOML file, for its panel and socket"
    )
    for command in (run, screen):
        command.add_argument("--headless", action="store_true", help="draw without a display")
        command.add_argument(
            "--mirror", type=Path, metavar="SOCKET", help="show the glass to a viewer (kiosk.ui.mirror)"
        )
    outbox = commands.add_parser("outbox", help="what waits for the fleet; also while the agent runs")
    outbox.set_defaults(run=_outbox)
    outbox.add_argument("--config", type=Path, required=True, metavar="FILE", help="the kiosk's TOML file")
    outbox.add_argument("--json", action="store_true", help="for programs")
    fetch = commands.add_parser("fetch", help="bring the signed release now, over the line or from a stick")
    fetch.set_defaults(run=_fetch)
    fetch.add_argument("--config", type=Path, required=True, metavar="FILE", help="the kiosk's TOML file")
    fetch.add_argument(
        "--from", dest="folder", type=Path, metavar="DIR", help="a stick or folder with releases"
    )
    fetch.add_argument("--release", default="", metavar="NAME", help="this one, not the one for everybody")
    content = commands.add_parser("content", help="which releases are here; also while the agent runs")
    content.set_defaults(run=_content)
    content.add_argument("--json", action="store_true", help="for programs")
    bake = commands.add_parser("bake", help="carry a signed release for when nothing else is whole")
    bake.set_defaults(run=_bake)
    bake.add_argument(
        "folder", type=Path, metavar="FOLDER", help="of signed releases, as `endcap publish` makes it"
    )
    bake.add_argument("--release", default="", metavar="NAME", help="this one, not the one for everybody")
    for command in (content, bake):
        command.add_argument(
            "--config", type=Path, required=True, metavar="FILE", help="the kiosk's TOML file"
        )
    for command in (run, agent, screen, outbox, fetch, content, bake):
        command.add_argument("--log", default="INFO", choices=LEVELS)
    return parser


class Ending:
    """SIGTERM or Ctrl-C, heard from the start: what can be stopped later is stopped as soon as it is there."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.code = 0  # to end with
        self._stop: Callable[[], None] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def then(self, stop: Callable[[], None]) -> None:
        """Call `stop` when asked to end; at once, where that has been."""
        self._stop = stop
        if self.asked.is_set():
            stop()

    def leave(self) -> None:
        """End, to be started again."""
        self.code = RESTART
        self.end()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.end()

    def end(self) -> None:
        """End, from any thread."""
        self.asked.set()
        if self._stop is not None:
            self._stop()


def _run(options: argparse.Namespace) -> int:
    ending = Ending()
    config = load_config(options.config)
    agent_end, screen_end = memory_pair()
    program = KioskProgram(config, agent_end, failed=ending.end, leave=ending.leave if watched() else None)
    program.start()
    try:
        _draw(screen_end, config.glass, ending, options, fullscreen=config.panel.fullscreen)
    finally:
        screen_end.close()
        program.stop()
    if program.error is not None:
        raise program.error
    return ending.code


def _agent(options: argparse.Namespace) -> int:
    ending = Ending()
    config = load_config(options.config)
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    program = KioskProgram(
        config, SocketAgentEnd(config.socket), failed=ending.end, leave=ending.leave if watched() else None
    )
    program.start()
    ending.asked.wait()
    program.stop()
    if program.error is not None:
        raise program.error
    return ending.code


def _content(options: argparse.Namespace) -> None:
    from kiosk.adopting import look as releases

    found = releases.look(load_config(options.config))
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        print(*releases.in_words(found), sep="\n")


def _bake(options: argparse.Namespace) -> int:
    from kiosk.adopting.baking import bake
    from kiosk.adopting.laying import Unusable
    from kiosk.fetching.errors import FetchError

    config = load_config(options.config)
    try:
        name = bake(config, options.folder, options.release)
    except (FetchError, Unusable) as error:
        print(f"endcap kiosk: not baked: {error}", file=sys.stderr)
        return 1
    print(f"{name} is carried in {config.content.carried}")
    return 0


def _outbox(options: argparse.Namespace) -> None:
    found = look(load_config(options.config).ledger)
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        print(*in_words(found, SystemClock().wall_ms()), sep="\n")


def _fetch(options: argparse.Namespace) -> int:
    from kiosk.fetching.cli import fetch

    return fetch(load_config(options.config), options.release, options.folder)


def _screen(options: argparse.Namespace) -> None:
    ending = Ending()
    config: Config | None = load_config(options.config) if options.config else None
    path = options.socket or (config.socket if config else None)
    if path is None:
        raise BadConfig("ui: where is the agent? Give --socket PATH or --config FILE")
    panel, fullscreen = (config.glass, config.panel.fullscreen) if config else (Panel(), False)
    link = SocketScreenEnd(path)
    follows = follower(ending.end)
    if follows is not None:
        follows.start()
    try:
        _draw(link, panel, ending, options, fullscreen=fullscreen)
    finally:
        link.close()
        if follows is not None:
            follows.stop()


def _draw(
    link: ScreenEnd, panel: Panel, ending: Ending, options: argparse.Namespace, *, fullscreen: bool
) -> None:
    """Draw on this thread until the window is closed or a signal comes. Kivy is loaded here and nowhere before."""
    from kiosk.ui.app import ScreenProgram
    from kiosk.ui.desktop import desktop_size, fitted
    from kiosk.ui.mirror import Mirror

    if not fullscreen and not options.headless:
        panel = fitted(panel, desktop_size())
    program = ScreenProgram(link, panel, fullscreen=fullscreen, headless=options.headless or None)
    ending.then(program.stop)
    mirror = Mirror(program, options.mirror) if options.mirror else None
    try:
        program.run()
    finally:
        if mirror is not None:
            mirror.close()
