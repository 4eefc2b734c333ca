"""The store each kiosk sells from, so that a phone before it shows and pays what its glass shows.

A kiosk says which release it runs, and the version of the store it sells from; that version names a store's content.
Where a store of that version was made of that release, it is the one. Else one is resolved from the release as the kiosk itself
does it (content.authored.resolve), by a thread of its own; until it is there, the store the kiosk was last known to sell from
counts, and before any the store that was imported. Kiosks that show the same share a store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from content.authored.groups import groups_of
from content.authored.mistakes import ContentError
from content.authored.model import Content
from content.authored.resolving import resolve
from content.durable import DISK, put
from content.release.manifest import BadRelease, Blob
from content.store import AnyStore, StoreError
from fleet.catalogue import Catalogue
from fleet.per_kiosk.places import Place, Places
from fleet.per_kiosk.shelves import Shelves
from fleet.rollouts.model import BadRollout
from fleet.rollouts.repository import Releases, placing
from fleet.store.store import Store

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0  # other programs hear kiosks too
AGAIN_S: Final = 30.0  # after which a release that could not be read is tried again
MOST_MADE: Final = 1_000  # remembered: which version a release has for whom
MOST_PLACINGS: Final = 64
STATE: Final = "made.json"


class Key(Struct, frozen=True):
    """What makes two kiosks show the same."""

    release: str
    orientation: str
    groups: tuple[str, ...]


class _Made(Struct, frozen=True):
    key: Key
    version: str


class _State(Struct, frozen=True):
    made: tuple[_Made, ...] = ()
    last: dict[str, str] = {}  # the version each kiosk was last known to sell from
    groups: dict[str, tuple[str, ...]] = {}


class Catalogues:
    """`default`: the imported store, for kiosks without a release. `folder`: for the stores that are made. Any thread."""

    def __init__(
        self, store: Store, releases: Releases, folder: Path, default: Catalogue | None = None,
        shelves: Shelves | None = None,
    ) -> None:  # fmt: skip
        self.default, self._releases, self._folder = default, releases, folder
        self.shelves = shelves or Shelves(folder / "stores")
        self._places = Places(store)
        self._placings: OrderedDict[str, Content] = OrderedDict()
        self._made: OrderedDict[Key, str] = OrderedDict()
        self._of_release: dict[str, set[str]] = {}
        self._of_tenant: dict[str, set[str]] = {}
        self._keys: dict[str, Key] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._last: dict[str, str] = {}
        self._asked: dict[str, None] = {}  # kiosks somebody asked for whose store is not here
        self._content: tuple[str, Content, dict[str, Blob]] | None = None  # while stores are made of it
        self._newest_of: dict[str, str] = {}
        self._failed: dict[str, float] = {}
        self._dirty = False
        self.counters: Counter[str] = Counter()
        self.on_groups: Callable[[], object] = _nobody  # told when a kiosk is in other groups than before
        self._news, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="stores of releases", daemon=True)
        self._remember()

    # --- who asks ---------------------------------------------------------------------------------------------

    def at(self, kiosk: str, version: str = "") -> AnyStore:
        """The store that kiosk sells from ("": no wall); with `version` that one, where it is its operator's and still here. Never waits
        for one to be made. Raises StoreError where there is none at all.
        """
        if version and version in self._of_tenant.get(kiosk.split("/")[0], ()):
            found = self.shelves.get(version)
            if found is not None:
                return found
        found = self.shelves.get(self.version(kiosk)) if kiosk else None
        if found is not None:
            return found
        if self.default is None:
            raise StoreError("no store was imported (--catalogue)")
        return self.default.current()

    def version(self, kiosk: str) -> str:
        """Of the store it sells from; "" for the imported one. A kiosk whose store is not here is looked after soon."""
        place = self._places.all.get(kiosk)
        if place is None:
            return self._last.get(kiosk, "")
        if not place.release:
            return ""
        made = self._version_of(place)
        if made and self.shelves.has(made):
            return made
        if kiosk not in self._asked:
            self._asked[kiosk] = None
            self.wake()
        return self._last.get(kiosk, "")

    def edition(self, kiosk: str) -> tuple[str, int]:
        """Another one whenever the kiosk's store is another."""
        return self.version(kiosk), self.default.edition if self.default is not None else 0

    def groups(self, kiosk: str) -> frozenset[str]:
        """The groups a kiosk is in, as the release it runs has them; where it runs none, its operator's newest."""
        return self._groups.get(kiosk, frozenset())

    def orientation(self, kiosk: str) -> str:
        """How its wall hangs, by its own word; "" where it does not say."""
        place = self._places.all.get(kiosk)
        return place.orientation if place is not None else ""

    def counts(self) -> dict[str, int]:
        """For the metrics: stores kept, open, their bytes; kiosks whose store is another than they say, or is not here."""
        astray = missing = 0
        for kiosk, place in list(self._places.all.items()):
            if place.release:
                version = self.version(kiosk)
                missing += not version or not self.shelves.has(version)
                astray += bool(place.version) and bool(version) and version != place.version
        return {
            **self.shelves.counts(), "kiosks_missing": missing, "kiosks_astray": astray, "unreadable": len(self._failed),
        }  # fmt: skip

    @property
    def trouble(self) -> str:
        """The releases that kiosks run and that cannot be read, by name; the log says why."""
        return ", ".join(sorted(self._failed))

    # --- the thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look after stores."""
        self._thread.start()

    def wake(self) -> None:
        """A kiosk has said something, or is asked about."""
        self._news.set()

    def close(self) -> None:
        """End the thread and close the files."""
        self._end.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(30.0)
        self.shelves.close()

    def _run(self) -> None:
        self.shelves.find()
        while not self._end.is_set():
            self._news.clear()
            try:
                self.look()
            except SQLAlchemyError as error:
                log.error("which releases kiosks run cannot be read now: %s", str(error).splitlines()[0])
            except Exception:
                self.counters["faults"] += 1
                log.exception("the stores of releases could not be looked after")
            self._end.wait(0.05)
            self._news.wait(EVERY_S)

    def look(self) -> None:
        """Do what is to be done now. For the thread, and for tests before it runs."""
        changed, now = self._places.look(), time.monotonic()
        asked, self._asked = self._asked, {}
        asked = dict(asked)
        self._failed = {name: at for name, at in self._failed.items() if now - at < AGAIN_S}
        # Whoever was asked about goes first; the others while there is room, so that nobody has to ask twice.
        groups = dict(self._groups)
        for kiosk in dict.fromkeys([*asked, *changed, *self._late()]):
            if self._end.is_set():
                return
            place = self._places.all.get(kiosk)
            if place is not None:
                self._see_to(place, asked=kiosk in asked)
        self._content = None
        if groups != self._groups:
            self._dirty = True
            self.on_groups()
        self.shelves.sweep()
        self._keep()

    def _late(self) -> list[str]:
        """Kiosks that could not be seen to before, and those without a release whose operator has a newer one."""
        newest = {
            tenant: self._newest(tenant) for tenant in {one.tenant for one in self._places.all.values()}
        }
        renewed = {tenant for tenant, name in newest.items() if self._newest_of.get(tenant) != name}
        self._newest_of = newest
        return [kiosk for kiosk, place in self._places.all.items() if self._is_late(place, renewed)]

    def _is_late(self, place: Place, renewed: set[str]) -> bool:
        if not place.release:
            return place.tenant in renewed or place.kiosk not in self._groups
        key = self._keys.get(place.kiosk)
        return key is None or key.release != place.release or key not in self._made

    def _see_to(self, place: Place, *, asked: bool) -> None:
        name = place.release or self._newest(place.tenant)
        if not name or name in self._failed:
            return
        try:
            key = self._key(place, name)
            if place.release:
                self._keys[place.kiosk] = key
                self._stock(place, key, asked=asked)
            else:
                self._keys.pop(place.kiosk, None)
        except (BadRollout, BadRelease, ContentError, StoreError, OSError, ValueError) as error:
            why = f"{name}: {str(error).splitlines()[0]}"
            self._failed[name] = time.monotonic()
            self.counters["refused"] += 1
            log.error("kiosks that run a release keep the store they had: %s", why)

    def _newest(self, tenant: str) -> str:
        return next((one.name for one in self._releases.all() if one.tenant == tenant), "")

    def _key(self, place: Place, name: str) -> Key:
        placings = self._placings.get(name)
        if placings is None:
            placings = self._placings[name] = placing(self._parts(name)[0])
            while len(self._placings) > MOST_PLACINGS:
                self._placings.popitem(last=False)
        groups = groups_of(placings, place.where)
        if self._groups.get(place.kiosk) != groups:
            self._groups[place.kiosk] = groups
        return Key(name, place.where.orientation, tuple(sorted(groups)))

    def _stock(self, place: Place, key: Key, *, asked: bool) -> None:
        """Have the store of a key, and note that this kiosk sells from it."""
        version = self._version_of(place)
        if not (version and self.shelves.has(version)):
            if self.shelves.full and not asked:
                return
            version = self._make(place, key)
        if place.version and version != place.version:
            self.counters["astray"] += 1
            log.warning(
                "%s says it sells from %s, %s is %s", place.kiosk, place.version, key.release, version
            )
        if self._last.get(place.kiosk) != version:
            self._last[place.kiosk] = version
            self._dirty = True

    def _make(self, place: Place, key: Key) -> str:
        began = time.monotonic()
        content, pictures = self._parts(key.release)
        store, products = resolve(content, place.where)
        version = self.shelves.make(self._releases, store, products, pictures)
        self._note(key, version)
        self.counters["made"] += 1
        took = time.monotonic() - began
        log.info("store %s of %s is made: %d products in %.1f s", version, key.release, len(products), took)
        return version

    def _parts(self, name: str) -> tuple[Content, dict[str, Blob]]:
        """A release, read once for all the stores that are made of it now."""
        if self._content is None or self._content[0] != name:
            self._content = None
            self._content = (name, *self._releases.parts(name))
        return self._content[1], self._content[2]

    def _note(self, key: Key, version: str) -> None:
        self._made.pop(key, None)
        self._made[key] = version
        while len(self._made) > MOST_MADE:
            self._made.popitem(last=False)
        releases: dict[str, set[str]] = {}
        tenants: dict[str, set[str]] = {}
        for each, known in self._made.items():
            releases.setdefault(each.release, set()).add(known)
            tenants.setdefault(each.release.rpartition("-")[0], set()).add(known)
        self._of_release, self._of_tenant, self._dirty = releases, tenants, True

    def _version_of(self, place: Place) -> str:
        """What it says it sells from, where a store of its release is that; else what its release is for its groups."""
        if place.version and place.version in self._of_release.get(place.release, ()):
            return place.version
        key = self._keys.get(place.kiosk)
        return self._made.get(key, "") if key is not None and key.release == place.release else ""

    # --- over a restart ---------------------------------------------------------------------------------------

    def _remember(self) -> None:
        try:
            state = msgspec.json.decode((self._folder / STATE).read_bytes(), type=_State)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, UnicodeError) as error:
            log.warning("the stores of releases are made anew: %s", error)
            return
        for one in state.made:
            self._note(one.key, one.version)
        self._last = dict(state.last)
        self._groups = {kiosk: frozenset(groups) for kiosk, groups in state.groups.items()}
        self._dirty = False

    def _keep(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        made = tuple(_Made(key, version) for key, version in self._made.items())
        groups = {kiosk: tuple(sorted(found)) for kiosk, found in self._groups.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        put(DISK, self._folder / STATE, msgspec.json.encode(_State(made, self._last, groups)))


def _nobody() -> None:
    """Nobody wants to know."""
