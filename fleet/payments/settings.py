"""A table of payments.toml as an adapter reads it: typed, complete, and with secrets only from files.

Every getter takes its field off the table; what is left over at the end was misspelt, and is refused by `done`.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

MOST_SECRET: Final = 64 * 1024  # bytes
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class BadSetting(ValueError):
    """A field of payments.toml that breaks a rule. `field` is its dotted path, `rule` says what was expected."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule


class Settings:
    """The fields of one table. `where` is its dotted path for messages; relative paths start at `folder`."""

    def __init__(self, values: Mapping[str, Any], folder: Path, where: str = "") -> None:
        self._left = dict(values)
        self._known: list[str] = []
        self._folder, self._where = folder, where

    def field(self, name: str) -> str:
        """The dotted path of a field."""
        return f"{self._where}.{name}" if self._where else name

    def bad(self, name: str, rule: str) -> BadSetting:
        """An error about a field of this table, to be raised."""
        return BadSetting(self.field(name), rule)

    def text(self, name: str, default: str | None = None, *, among: Iterable[str] = ()) -> str:
        """A text, not empty; of `among` where that is given. Raises BadSetting, as all getters do."""
        value = self._take(name, str, "a text", default)
        choices = tuple(among)
        if choices and value not in choices:
            raise self.bad(name, f"one of {', '.join(choices)}, is {value!r}")
        if not value and default is None:
            raise self.bad(name, "a text that is not empty")
        return str(value)

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(name, list, "a list of texts", None if default is None else list(default))
        if not all(isinstance(item, str) and item for item in value):
            raise self.bad(name, "a list of texts")
        return tuple(value)

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int = 10**9) -> int:
        """A whole number from `least` to `most`."""
        value = self._take(name, int, "a whole number", default)
        if isinstance(value, bool) or not least <= value <= most:
            raise self.bad(name, f"a whole number from {least} to {most}, is {value!r}")
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        return bool(self._take(name, bool, "true or false", default))

    def url(self, name: str, default: str | None = None) -> str:
        """An https address without a slash at its end; http is for this machine only, so that no key travels in clear."""
        value = self.text(name, default)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            sound = parts.hostname and (
                parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
            )
        except ValueError:
            sound = False
        if not sound:
            raise self.bad(name, f"an https address (http on this machine only), is {value!r}")
        return value.rstrip("/")

    def path(self, name: str, default: str | None = None) -> Path:
        """A path, relative to the file's folder."""
        return self._folder / self.text(name, default)

    def paths(self, name: str, default: tuple[str, ...] | None = None) -> tuple[Path, ...]:
        """A list of paths, relative to the file's folder."""
        return tuple(self._folder / each for each in self.texts(name, default))

    def secret_file(self, name: str) -> bytes:
        """What a secret's file holds, without white space around it.

        The file must be closed to others (`chmod o-rwx`; a group may read it, as services are given theirs).
        """
        path = self.path(name)
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(path.stat().st_mode)
                secret = file.read(MOST_SECRET + 1).strip()
        except (
            OSError
        ) as error:  # not named: it may be the secret itself, written where its file's name belongs
            raise self.bad(name, f"the file it names cannot be read: {error.strerror}") from None
        if mode & stat.S_IRWXO:
            raise self.bad(name, f"{path} is open to every user (mode {mode:04o}): chmod o-rwx")
        if not secret or len(secret) > MOST_SECRET:
            raise self.bad(name, f"{path} holds no secret of 1 to {MOST_SECRET} bytes")
        return secret

    def done(self) -> None:
        """Raises BadSetting where a field is left that nobody has asked for."""
        for name in self._left:
            known = ", ".join(dict.fromkeys(self._known)) or "none"
            raise self.bad(name, f"no such field; known here: {known}")

    def _take(self, name: str, kind: type[Any], what: str, default: Any) -> Any:
        self._known.append(name)
        if name not in self._left:
            if default is None:
                raise self.bad(name, f"{what} expected, is missing")
            return default
        value = self._left.pop(name)
        if not isinstance(value, kind):
            raise self.bad(name, f"{what} expected, is {value!r}")
        return value
