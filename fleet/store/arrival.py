"""Waits for a PostgreSQL that is away when a program of the fleet starts: after a power cut it may need longer than we do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from fleet.store.store import Store

LOOK_S: Final = 1.0
SAY_S: Final = 60.0
# Texts of libpq and of the server, which give a failed connection no SQLSTATE. Whatever else they say, such as a wrong password
# or a database nobody has made, does not become better by waiting.
_AWAY: Final = (
    "Connection refused", "No such file or directory", "Connection reset", "closed the connection unexpectedly",
    "timeout expired", "No route to host", "Network is unreachable", "Temporary failure in name resolution",
    "the database system is starting up", "the database system is shutting down", "the database system is in recovery mode",
    "the database system is not yet accepting connections", "the database system is not accepting connections",
)  # fmt: skip


def wait_for_database(url: str, end: threading.Event, say: Callable[[str], None]) -> None:
    """Return when the database answers, or says why it never will, or `end` is set; `say` hears at once and every minute that
    we wait, and for what. SQLite is always there.
    """
    if make_url(url).get_backend_name() != "postgresql":
        return
    engine = Store.engine_for(url)
    say_at = 0.0
    try:
        while not end.is_set():
            try:
                engine.connect().close()
                return
            except OperationalError as error:
                why = away(str(error.orig))
            if not why:
                return  # who opens the store says it
            if time.monotonic() >= say_at:
                say(f"waiting for the database: {why}")
                say_at = time.monotonic() + SAY_S
            end.wait(LOOK_S)
    finally:
        engine.dispose()


def away(text: str) -> str:
    """The line of an error that says a database is not there now, and may come; "" for any other trouble."""
    return next((line.strip() for line in text.splitlines() for sign in _AWAY if sign in line), "")
