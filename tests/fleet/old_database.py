"""Databases as earlier programs left them: tables of then, rows of then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, insert
from sqlalchemy.types import Integer, LargeBinary

from fleet.store.migrations import first


class OldDatabase:
    """A SQLite file with the tables of before migrations, less what `lacks` names (columns with their indexes, or tables)."""

    def __init__(self, path: Path, lacks: Sequence[str] = ()) -> None:
        self.url = f"sqlite:///{path}"
        self._engine = create_engine(self.url)
        with self._engine.begin() as connection:
            first.metadata.create_all(connection)
            for what in lacks:
                _take_away(connection, what)

    def put(self, table: Table, **row: Any) -> None:
        """A row; columns that are not named are empty, or what the database makes of them."""
        with self._engine.begin() as connection:
            there = {each[1] for each in connection.exec_driver_sql(f"PRAGMA table_info({table.name})")}
            columns = [each for each in table.c if each.name in there]
            blank = {
                each.name: 0 if isinstance(each.type, Integer) else b"" if isinstance(each.type, LargeBinary) else ""
                for each in columns
                if not each.nullable and each.server_default is None
            }  # fmt: skip
            connection.execute(insert(table).values(blank | row))

    def close(self) -> None:
        """Leave it alone."""
        self._engine.dispose()


def _take_away(connection: Connection, what: str) -> None:
    name, _, column = what.partition(".")
    if not column:
        connection.exec_driver_sql(f"DROP TABLE {name}")
        return
    for index in first.metadata.tables[name].indexes:
        if column in index.columns:
            connection.exec_driver_sql(f"DROP INDEX {index.name}")
    connection.exec_driver_sql(f"ALTER TABLE {name} DROP COLUMN {column}")
