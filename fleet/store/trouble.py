"""Whether a database's error passes by itself, or comes again with the same rows."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.exc import DBAPIError, OperationalError

# PostgreSQL's classes of errors (manual, appendix "PostgreSQL Error Codes") that have nothing to do with what was sent:
# connection, transaction rollback (deadlock, serialization), insufficient resources, object not in prerequisite state,
# operator intervention, system error; and a table that is not there (a migration is under way), read-only.
_PASSING: Final = ("08", "25", "40", "53", "55", "57", "58", "42P01", "42703")


def passes(error: BaseException) -> bool:
    """Whether the same rows may well be stored another time."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original: Any = error.orig
    state = getattr(original, "sqlstate", None)
    if state:
        return str(state).startswith(_PASSING)
    return isinstance(error, OperationalError)  # SQLite: locked, full, no such table; PostgreSQL: not reached
