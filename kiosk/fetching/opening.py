"""Everything that fetches, made from a kiosk's configuration and state folder."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.clock.clock import Clock
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Fetcher, News, Rules
from kiosk.fetching.files import read_if_there
from kiosk.fetching.http_source import HttpSource
from kiosk.fetching.pace import Pace
from kiosk.fetching.releases import Fetching
from kiosk.fetching.settings import MIB, BadContent, ContentTable, address, minutes
from kiosk.fetching.sharing import Sharing
from kiosk.fetching.sources import FolderSource, Source
from kiosk.fetching.trust import MOST_ROOT, Trust
from mqtt.security import NO_CHECK_TIME

log = logging.getLogger(__name__)

FOLDER: Final = "content"  # of the state folder: trust/, blobs/


def open_fetching(
    table: ContentTable, tenant: str, state: Path, clock: Clock, pace: Pace | None = None
) -> Fetching:
    """What a kiosk believes and has. Raises FetchError: no root metadata, or none that can be believed."""
    root = read_if_there(Path(table.root), MOST_ROOT) if table.root else None
    if root is None:
        raise FetchError("unsigned", f"{table.root or '`root` in [content]'}: no root metadata to believe")
    folder = state / FOLDER
    trust = Trust(folder / "trust", root, lambda: clock.wall_ms() // 1000)
    blobs = BlobStore(
        folder / "blobs",
        max_bytes=table.keep_mib * MIB,
        max_files=table.keep_files,
        least_free=table.free_mib * MIB,
    )
    return Fetching(trust, blobs, tenant, pace.wait) if pace else Fetching(trust, blobs, tenant)


def rules_of(
    table: ContentTable,
    clock: Clock,
    *,
    sources: tuple[str, ...] = (),
    kib_s: int | None = None,
    window: tuple[int, int] | None = None,
) -> Rules:
    """How to fetch by the configuration; what the fleet says (mqtt.commands.Desired) goes before it.

    Folders of the configuration are asked whatever the fleet says: that is how a technician helps a kiosk it has misled.
    """
    right = clock.quality() != "unsynced"
    folders = tuple(name for name in table.sources if "://" not in name)
    sources = (*sources, *folders) if sources else ()
    return Rules(
        sources=sources_of(sources or table.sources, table, clock_is_right=right),
        peers=sources_of(table.peers, table, clock_is_right=right),
        kib_s=table.kib_s if kib_s is None else kib_s,
        window=window or minutes(table.window),
        metered_bytes=table.metered_mib * MIB,
        check_s=float(table.check_s),
    )


def open_fetcher(
    table: ContentTable,
    tenant: str,
    state: Path,
    clock: Clock,
    post: Callable[[News], None],
    minute_of: Callable[[int], int],
) -> Fetcher:
    """The thread, not yet started. `minute_of(wall_ms)`: of the local day. Raises FetchError, BadContent."""
    stopped = threading.Event()
    pace = Pace(stopped=stopped)
    fetching = open_fetching(table, tenant, state, clock, pace)
    return fetcher_of(fetching, table, state / FOLDER, clock, post, pace, stopped, minute_of)


def fetcher_of(
    fetching: Fetching,
    table: ContentTable,
    folder: Path,
    clock: Clock,
    post: Callable[[News], None],
    pace: Pace,
    stopped: threading.Event,
    minute_of: Callable[[int], int],
) -> Fetcher:
    """The thread around what fetches, by the table's rules. Raises BadContent."""

    def minute() -> int | None:
        return minute_of(clock.wall_ms()) if clock.quality() != "unsynced" else None

    rules = rules_of(table, clock)
    return Fetcher(fetching, rules, post, pace, minute, stopped=stopped, folder=folder)


def open_sharing(table: ContentTable, state: Path) -> Sharing | None:
    """What shares with neighbours, not yet started; None where nobody may. Raises OSError."""
    if not table.share:
        return None
    sharing = Sharing(state / FOLDER, *address(table.share))
    log.info("other kiosks may read releases at port %d", sharing.port)
    return sharing


def sources_of(
    names: tuple[str, ...], table: ContentTable, *, clock_is_right: bool = True
) -> tuple[Source, ...]:
    """Sources by their names, with the table's certificates and lines. Raises BadContent."""
    tls = _tls(table.ca, clock_is_right)
    return tuple(
        HttpSource(name, metered=name in table.metered, tls=tls)
        if "://" in name
        else FolderSource(Path(name), metered=name in table.metered)
        for name in names
    )


def _tls(ca: str, clock_is_right: bool) -> ssl.SSLContext:
    """While no clock is right no certificate's dates are judged: what comes is judged by its own signatures anyway."""
    try:
        made = ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise BadContent(f"{ca}: cannot be used: {error} - at `content.ca`") from None
    if not clock_is_right:
        made.verify_flags |= NO_CHECK_TIME
    return made
