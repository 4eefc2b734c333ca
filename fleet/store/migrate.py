"""Brings a database to the shape this program knows (Alembic; the steps are in fleet/store/migrations).

All steps run in one transaction under a lock of the whole database, so two processes that start at once take them
once, and one that is killed meanwhile leaves what was there before. There is no way back: a step may drop what it has
summed up, and an older program would then find sums of nothing. Who wants to go back restores a backup (docs/store.md).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from fleet.store.migrations import adoption

log = logging.getLogger(__name__)
FOLDER: Final = Path(__file__).parent / "migrations"
FIRST: Final = "0001"
LOCK: Final = 0x656E64636170  # "endcap": PostgreSQL's advisory lock while the shape changes
_one_at_a_time = threading.Lock()  # Alembic's environment is the process's


class BadDatabase(RuntimeError):
    """The database cannot be used as it is; one line for the person at the keyboard."""


def bring_up(engine: Engine, *, upto: str = "head") -> None:
    """Take the steps that are missing; `upto` is for tests that need a database of before. Raises BadDatabase."""
    known, head = _revisions()
    with engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
    if there == (head if upto == "head" else upto):
        return
    with _one_at_a_time, _alone(engine) as connection:
        there = MigrationContext.configure(connection).get_current_revision()
        if there is not None and there not in known:
            raise BadDatabase(
                f"the database is of a newer program (its revision is {there}, the newest known here {head}): start that one"
            )
        config = _config()
        config.attributes["connection"] = connection
        if there is None and inspect(connection).has_table("events"):
            adoption.adopt(connection)
            command.stamp(config, FIRST)
        command.upgrade(config, upto)
        if there is not None:
            log.info("the database was brought up from %s to %s", there, upto)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _revisions() -> tuple[frozenset[str], str]:
    """Every revision there is, and the newest."""
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_current_head()
    assert head is not None, "there is a first step"
    return frozenset(each.revision for each in scripts.walk_revisions()), head


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction nobody else changes the shape in."""
    with engine.connect().execution_options(writes=True) as connection:
        if engine.dialect.name == "sqlite":
            # Rebuilding a table drops the old one, which foreign keys would count as deleting its rows. This can be said
            # only outside of transactions.
            _pragma(connection, "OFF")
            try:
                with connection.begin():  # BEGIN IMMEDIATE: see fleet.store.store
                    yield connection
            finally:
                _pragma(connection, "ON")
            return
        with connection.begin():
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection


def _pragma(connection: Connection, value: str) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={value}")
