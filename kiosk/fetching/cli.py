"""`endcap kiosk fetch`: bring the signed release by hand, from a stick for example, and say plainly what happens."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path
from typing import Final

from content.durable import DISK
from kiosk.clock.clock import SystemClock
from kiosk.config import BadConfig, Config
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Rules
from kiosk.fetching.files import alone
from kiosk.fetching.opening import FOLDER, open_fetching, rules_of
from kiosk.fetching.pace import Pace
from kiosk.fetching.sources import FolderSource

STEP: Final = 10  # percent from one line to the next

# What a technician can do about each reason; the others say it themselves.
REMEDIES: Final = {
    "no-source": "Is the cable in, the stick in, the address right?",
    "expired": "Take a fresh copy of the releases to this kiosk; is this kiosk's clock right?",
    "rolled-back": "This copy is older than what the kiosk has already seen: take a fresh one.",
    "unsigned": "These releases are not your operator's, or `root` in kiosk.toml is not.",
    "unknown": "Ask your operator which release this kiosk is to have.",
    "no-space": "Free room on the disk, or raise `keep_mib` in [content].",
    "metered": "Bring it on a stick, or raise `metered_mib` in [content].",
    "disk": "The disk does not do its work: change it.",
}


def fetch(config: Config, name: str, folder: Path | None) -> int:
    """Fetch a release, "" for the one for everybody; 0 where it is whole on this kiosk, 1 where not."""
    _right_user(config)
    clock = SystemClock(trusted=config.trust_clock)
    rules = Rules(sources=(FolderSource(folder.resolve()),)) if folder else rules_of(config.content, clock)
    try:
        with alone(DISK, config.state / FOLDER, _wait):
            return _fetch(config, rules, clock, name)
    except FetchError as error:
        print(f"not fetched: {error}")
        if error.reason in REMEDIES:
            print(REMEDIES[error.reason])
        print("What the kiosk sells from is untouched.")
        return 1
    finally:
        for source in (*rules.sources, *rules.peers):
            source.close()


def _fetch(config: Config, rules: Rules, clock: SystemClock, name: str) -> int:
    fetching = open_fetching(config.content, config.address.tenant, config.state, clock, Pace(rules.kib_s))
    print(f"asking {', '.join(source.name for source in (*rules.sources, *rules.peers)) or 'nobody'} ...")
    fetching.refresh((*rules.sources, *rules.peers))
    signed = fetching.wanted(name)
    print(f"{signed.name} is signed{' for every kiosk of this operator' if signed.current else ''}")
    said = [-STEP]

    def progress(have: int, size: int) -> None:
        percent = have * 100 // size if size else 100
        if percent >= said[0] + STEP or (percent == 100 and said[0] < 100):
            said[0] = percent
            print(f"{percent:3} %  {have / 1e6:.1f} of {size / 1e6:.1f} MB are here")

    whole = fetching.fetch(signed, (*rules.peers, *rules.sources), progress)
    print(
        f"{whole.name} is whole on this kiosk: {whole.root.files} files, {whole.fetched / 1e6:.1f} MB came now."
    )
    print("The agent adopts it when nobody is buying.")
    return 0


def _wait() -> None:
    print("the agent is fetching just now; waiting for it ...")
    time.sleep(5)


def _right_user(config: Config) -> None:
    """Files of another user's would stand in the agent's way."""
    if not config.state.exists():
        return
    owner = config.state.stat().st_uid
    if owner != os.geteuid():
        name = pwd.getpwuid(owner).pw_name
        raise BadConfig(
            f"{config.state} belongs to {name}: run this as {name} (sudo -u {name} endcap kiosk fetch ...)"
        )
