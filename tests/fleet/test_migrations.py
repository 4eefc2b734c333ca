"""The database's shape: what the steps make is what tables.py says, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.config import Config
from fleet.serve import Fleet, ServeError
from fleet.store import migrate
from fleet.store.migrate import BadDatabase, bring_up
from fleet.store.store import Store

STEPS = sorted((migrate.FOLDER / "versions").glob("0*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fleet.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences(engine: Engine) -> list[object]:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith("events_"))  # parts of events

    with engine.connect() as connection:
        defaults = engine.dialect.name == "postgresql"  # Alembic misreads empty ones of SQLite
        options = {"include_name": ours, "compare_server_default": defaults}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tables.metadata))


def test_what_the_steps_make_is_what_the_program_uses(empty_url: str) -> None:
    store = Store(empty_url)
    found = differences(store.engine)
    store.close()
    assert found == []


def test_steps_are_numbered_one_after_the_other() -> None:
    """Two who add one at once notice at their rebase, not at the operator's."""
    numbers = [step.name[:4] for step in STEPS]
    assert numbers == [f"{number:04}" for number in range(1, len(STEPS) + 1)]
    known, head = migrate._revisions()
    assert sorted(known) == numbers
    assert head == numbers[-1]


def test_each_step_leads_to_the_next(empty_url: str) -> None:
    """A program of any time in between left its database there."""
    engine = Store.engine_for(empty_url)
    for step in STEPS:
        bring_up(engine, upto=step.name[:4])
        assert revision(engine) == step.name[:4]
    assert differences(engine) == []
    engine.dispose()


def test_programs_that_start_at_once_take_the_steps_once(empty_url: str) -> None:
    failed: list[BaseException] = []

    def start() -> None:
        try:
            Store(empty_url).close()
        except Exception as error:  # noqa: BLE001 (told below)
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    store = Store(empty_url)
    assert revision(store.engine) == STEPS[-1].name[:4]
    store.close()


def test_a_step_that_fails_leaves_what_was_there(empty_url: str) -> None:
    engine = Store.engine_for(empty_url)
    bring_up(engine, upto="0001")
    with engine.begin() as connection:
        in_the_way = "events_before" if engine.dialect.name == "postgresql" else "_alembic_tmp_scans"
        connection.exec_driver_sql(f"CREATE TABLE {in_the_way} (number INT)")
    with pytest.raises(SQLAlchemyError, match=in_the_way):
        bring_up(engine)
    assert revision(engine) == "0001"
    assert inspect(engine).get_foreign_keys("sales"), "the first thing the second step takes away"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {in_the_way}")
    bring_up(engine)
    assert differences(engine) == []
    engine.dispose()


def test_a_database_of_a_newer_program_is_refused_in_one_line(empty_url: str, tmp_path: Path) -> None:
    store = Store(empty_url)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(BadDatabase, match="is of a newer program"):
        Store(empty_url)
    with pytest.raises(ServeError) as refused:
        Fleet(Config(data=tmp_path / "fleet", database_url=empty_url, port=0))
    assert "9999" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    with pytest.raises(ServeError, match="cannot keep data in the database of --database: ") as refused:
        Fleet(Config(data=tmp_path / "fleet", database_url=url, port=0))
    assert "\n" not in str(refused.value)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "fleet.db").touch()
    engine = create_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
    assert revision(engine) is None
    engine.dispose()
    Store(f"sqlite:///{tmp_path / 'fleet.db'}").close()
