"""What the commands around releases share: their options, keys and passphrases, and one line for what went wrong."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from content.authored.mistakes import ContentError
from content.authored.model import Content
from content.authored.parts import from_parts
from content.release.keys import KeysError, Ring
from content.release.manifest import PARTS, BadRelease, Entry
from content.release.repository import Repository
from content.release.roles import RepositoryError
from content.signing import BadKeys

DONE, REFUSED, WRONG_WORDS, ATTENTION = 0, 1, 2, 3
_SHOWN: Final = 20
_EXPECTED: Final = (RepositoryError, KeysError, BadRelease, BadKeys)


class CommandError(Exception):
    """A command's words do not fit; the message says what to give instead."""


def with_repository(parser: argparse.ArgumentParser) -> None:
    """Add --repository."""
    parser.add_argument(
        "--repository", type=Path, metavar="REPO", required=True, help="the folder that is served"
    )


def with_keys(parser: argparse.ArgumentParser) -> None:
    """Add --keys and --passphrase-file."""
    parser.add_argument(
        "--keys", type=Path, metavar="KEYS", action="append", required=True,
        help="a folder of keys; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", action="append", default=[],
        help="a file that holds a passphrase; tried on every encrypted key (else it is asked for)",
    )  # fmt: skip


def ring_of(words: argparse.Namespace) -> Ring:
    """The keys a command was given."""
    return Ring(words.keys, passphrases(words.passphrase_file), ask)


def passphrases(files: Iterable[Path]) -> list[bytes]:
    """The first line of each file. Raises CommandError where one cannot be read or is empty."""
    found = []
    for path in files:
        try:
            line = path.read_bytes().split(b"\n")[0].rstrip(b"\r")
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error
        if not line:
            raise CommandError(f"{path}: expected a passphrase in its first line")
        found.append(line)
    return found


def ask(path: Path) -> bytes | None:
    """Ask whoever sits there for a key's passphrase; None where nobody does."""
    if not sys.stdin.isatty():
        return None
    return getpass.getpass(f"passphrase of {path}: ").encode()


def content_of(repository: Repository, name: str) -> Content:
    """What a release says. Raises RepositoryError where there is none of that name."""
    return of_entries(repository, repository.release(name)[1])


def of_entries(repository: Repository, entries: Iterable[Entry]) -> Content:
    """What a release's files say together."""
    prefix = f"{PARTS}/"
    parts = {each.name: each.blob for each in entries if each.name.startswith(prefix)}
    return from_parts({name.removeprefix(prefix): repository.unpacked(blob) for name, blob in parts.items()})


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def tenant_of(repository: Repository, said: str) -> str:
    """The operator a command is about. Raises CommandError where there are several and none was named."""
    tenants = repository.state().tenants()
    if said:
        return said
    if len(tenants) != 1:
        raise CommandError(f"--tenant: expected one of {', '.join(tenants)}")
    return tenants[0]


def run(program: str, command: Callable[[], int]) -> int:
    """Run a command; what went wrong is a line (or one for each mistake in content), and its exit code."""
    try:
        return command()
    except ContentError as error:
        for mistake in error.mistakes[:_SHOWN]:
            print(f"{program}: {mistake}", file=sys.stderr)
        if len(error.mistakes) > _SHOWN:
            print(f"{program}: ... `endcap content check` says all {len(error.mistakes)}", file=sys.stderr)
        return REFUSED
    except CommandError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return WRONG_WORDS
    except _EXPECTED as error:
        print(f"{program}: {error}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"{program}: {where}{error.strerror or error}; the repository stands as it was", file=sys.stderr
        )
        return REFUSED
