"""`endcap kiosk bake`: put an operator's signed release where a kiosk looks last, so that even a wiped one sells.

The package itself carries no prices: they are an operator's. Whoever makes an image for kiosks bakes a release into it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from content.durable import DISK, remove
from kiosk.adopting.joining import place_of
from kiosk.adopting.making import wall_of
from kiosk.clock.clock import SystemClock
from kiosk.config import Config
from kiosk.fetching.opening import open_fetching
from kiosk.fetching.sources import FolderSource


def bake(config: Config, source: Path, name: str = "") -> str:
    """Make the wall of a release in a repository's folder ("": the one for everybody) at `[content] carried`; its name.

    Believed is what `[content] root` believes. Raises FetchError, Unusable, OSError; what was carried before stands then.
    """
    place = place_of(config)
    carried = place.carried
    carried.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=carried.parent, prefix=".bake-") as folder:
        work, stick = Path(folder), FolderSource(source)
        try:
            fetching = open_fetching(config.content, config.address.tenant, work, SystemClock(trusted=True))
            fetching.refresh([stick])
            whole = fetching.fetch(fetching.wanted(name), [stick])
        finally:
            stick.close()
        wall = wall_of(whole.root, whole.page, fetching.blobs, place.where, work / "walls", place.software)
        before = work / "before"
        if carried.exists():
            DISK.rename(carried, before)
        DISK.rename(work / "walls" / wall.folder, carried)
        DISK.sync(carried.parent)
        remove(DISK, before)
    return wall.release
