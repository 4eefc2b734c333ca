"""Run a program that cannot outlive whoever started this guard, however that one ends.

    python -I -S guard.py PROGRAM ARGUMENT ...        (standard library only, started by file name)

The guard's standard input is a pipe nobody writes to. When it ends, because the owner closed it, ended, or was killed
with SIGKILL, the program gets SIGTERM, and SIGKILL after GRACE_S. When the program ends by itself, the guard ends with
its exit code, so the owner sees its death as its own child's. When the guard itself is killed, the kernel kills the
program (PR_SET_PDEATHSIG; usable here because the guard has one thread: the signal comes when the *thread* that
forked ends, which is why the owner, who has many, must not use it).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

GRACE_S = 1.5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class _Asked(Exception):
    """SIGTERM or SIGINT came."""


def _ask(_number: int, _frame: FrameType | None) -> None:
    raise _Asked


def _start(program: Sequence[str]) -> int:
    """Fork and become `program` in the child; returns its process id."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the guard died before the kernel knew what we want
            os._exit(1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(program[0], list(program))  # noqa: S606 (no shell wanted)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201
    finally:
        os._exit(127)


def _exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(program: Sequence[str]) -> int:
    """Run `program` until it ends, our standard input ends, or we are asked to end. Returns its exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask)
    child = _start(program)
    ended = os.pidfd_open(child)
    with suppress(_Asked):
        ready, _, _ = select.select([0, ended], [], [])
        if ended in ready:
            return _exit_code(child)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.kill(child, signal.SIGTERM)
    if not select.select([ended], [], [], GRACE_S)[0]:
        os.kill(child, signal.SIGKILL)
    return _exit_code(child)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.exit(code if code >= 0 else 128 - code)
