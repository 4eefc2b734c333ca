"""Room for many connections: the limit of open files, raised as far as we may, and words where that is not enough."""

from __future__ import annotations

import resource
from typing import Final

FILES_PER_KIOSK: Final = {"memory": 1, "sqlite": 4}  # a socket; and a database with its log and its index
SPARE: Final = 100  # loops, pipes, the program's own


class NoRoom(RuntimeError):
    """Too many kiosks for this machine's limits; says how many and what to do."""


def make_room(kiosks: int, per_kiosk: int) -> int:
    """Let this process open that many files; returns the limit. Raises NoRoom.

    The hard limit is raised too where we may (root).
    """
    wanted = kiosks * per_kiosk + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return soft
    for limit in ((wanted, max(hard, wanted)), (min(wanted, hard), hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            break
        except (ValueError, OSError):  # more than the hard limit: root's to raise
            continue
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        raise NoRoom(
            f"{kiosks} kiosks need {wanted} open files in a process, and at most {hard} are allowed here: `ulimit -n {wanted}`"
            f" as root first, more --processes, or at most {max(0, (hard - SPARE) // per_kiosk)} kiosks each."
            " The broker needs as many: LimitNOFILE= in its systemd unit."
        )
    return soft
