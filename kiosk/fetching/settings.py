"""`[content]` of kiosk.toml: where releases come from, whom to believe, and how much, how fast and when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct, structs

_HOUR: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")
MIB: Final = 1 << 20


class BadContent(ValueError):
    """A table that cannot work; says which key and what was expected."""


class ContentTable(Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. Relative folders and files start from the configuration file's folder."""

    sources: tuple[str, ...] = ()  # https://HOST/PATH, http://..., or a folder; asked in this order
    peers: tuple[str, ...] = ()  # other kiosks that share: asked for files first, for metadata last
    root: str = ""  # root metadata to believe from the beginning; "": no releases are fetched
    ca: str = ""  # PEM file of whom to believe at https; "": whom this machine believes anyway
    metered: tuple[str, ...] = ()  # of the sources: those whose line costs by the byte
    metered_mib: Annotated[int, Meta(ge=0, le=65536)] = 20  # of one release over such lines
    kib_s: Annotated[int, Meta(ge=0, le=1_048_576)] = 0  # 0: as fast as it goes
    window: tuple[str, str] | None = (
        None  # ["01:00", "05:00"] of the local day, perhaps over midnight; none: always
    )
    check_s: Annotated[int, Meta(ge=5, le=86_400)] = (
        900  # from one look for news to the next, give or take a tenth
    )
    keep_mib: Annotated[int, Meta(ge=16, le=1_048_576)] = 8192
    keep_files: Annotated[int, Meta(ge=1000, le=10_000_000)] = 400_000
    free_mib: Annotated[int, Meta(ge=1, le=65_536)] = 64  # of the disk, left to others
    health_s: Annotated[int, Meta(ge=1, le=86_400)] = 300  # a release is watched before it is kept
    tags: tuple[str, ...] = ()  # the operator's words for this kiosk, by which groups name it
    carried: str = "/usr/share/endcap/store"  # what is sold from where nothing else is whole
    share: str = ""  # "0.0.0.0:8099": other kiosks may read what is here; "": nobody may


def checked(table: ContentTable, base: Path) -> ContentTable:
    """The table with whole paths. Raises BadContent."""
    for key in ("sources", "peers"):
        for text in getattr(table, key):
            _check_source(text, f"content.{key}")
    if stray := set(table.metered) - set(table.sources) - set(table.peers):
        raise BadContent(f"Expected some of `sources` and `peers`, got {min(stray)!r} - at `content.metered`")
    if (table.sources or table.peers) and not table.root:
        raise BadContent("Expected `root` beside `sources`: nobody could be believed - at `content`")
    minutes(table.window)
    if table.share:
        address(table.share)
    return structs.replace(
        table,
        sources=tuple(_from(base, text) for text in table.sources),
        peers=tuple(_from(base, text) for text in table.peers),
        metered=tuple(_from(base, text) for text in table.metered),
        root=str(base / table.root) if table.root else "",
        ca=str(base / table.ca) if table.ca else "",
        carried=str(base / table.carried),
    )


def minutes(window: tuple[str, str] | None) -> tuple[int, int] | None:
    """Hours as minutes of the day. Raises BadContent."""
    if window is None:
        return None
    found = [_HOUR.match(text) for text in window]
    if not all(found):
        raise BadContent(f'Expected two hours such as "01:00", got {list(window)} - at `content.window`')
    since, until = (int(hour[1]) * 60 + int(hour[2]) for hour in found if hour)
    return since, until


def address(text: str) -> tuple[str, int]:
    """Host and port to listen at. Raises BadContent."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise BadContent(f'Expected HOST:PORT such as "0.0.0.0:8099", got {text!r} - at `content.share`')
    return host.strip("[]"), int(port)


def _check_source(text: str, where: str) -> None:
    if "://" not in text:
        if not text:
            raise BadContent(f"Expected a folder or https://HOST, got '' - at `{where}`")
        return
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        raise BadContent(f"Expected https://HOST[:PORT][/PATH] or a folder, got {text!r} - at `{where}`")


def _from(base: Path, text: str) -> str:
    return text if "://" in text else str(base / text)
