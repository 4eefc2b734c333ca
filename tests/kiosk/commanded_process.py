"""A kiosk's agent for tests that kill it: STATE PORT NAME. A file `hang` in STATE holds pictures back; each asked for adds a byte."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from kiosk.config import parse_config
from kiosk.link.link import OnPicture, memory_pair
from kiosk.operated.logs import keep_log
from kiosk.program import AgentProgram
from tests.kiosk.kiosks import store

PICTURE = b"RIFF" + bytes(range(256)) * 600


def main(state: Path, port: int, name: str) -> int:
    logging.basicConfig(level="INFO")
    keep_log()
    config = parse_config(
        f"""
        trust_clock = true
        [address]
        tenant = "demo"
        site = "s1"
        kiosk = "{name}"
        [paths]
        store = "store"
        state = "{state}/state"
        [broker]
        port = {port}
        """,
        state,
    )
    ended, code = threading.Event(), 0

    def take(answer: OnPicture) -> None:
        with (state / "pictures").open("ab") as file:
            file.write(b".")

        def later() -> None:
            while (state / "hang").exists() and not ended.wait(0.05):
                pass
            answer(PICTURE, "")

        threading.Thread(target=later, daemon=True).start()

    def leave() -> None:
        nonlocal code
        code = 75
        ended.set()

    signal.signal(signal.SIGTERM, lambda number, frame: ended.set())
    agent_end, screen = memory_pair()
    program = AgentProgram(config, agent_end, store=store(), leave=leave)
    screen.obey(take, lambda: None)
    screen.listen(lambda shop, view: None)
    program.start()
    ended.wait()
    screen.close()
    program.stop()
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
