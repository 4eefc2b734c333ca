"""Sets come in any order, twice, across restarts and releases: what holds in the end is the highest version's, and nothing
that was recalled when the kiosk heard of it is ever sold by it afterwards.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from content.live_changes import Change, LiveStore, in_force, read_set
from content.memory import MemoryStore
from content.model import Availability
from content.money import Money
from content.signing import PublicKeys
from kiosk.clock.clock import SystemClock
from kiosk.core.events import LiveChanged, Stamp
from kiosk.ledger import Ledger
from kiosk.operated.live import Live
from mqtt.messages import encode
from mqtt.topics import Address
from tests.kiosk.kiosks import APPLES, MILK, store
from tests.kiosk.signed import KIOSK, Signer

SIGNER = Signer()
ADDRESS = Address(*KIOSK.split("/"))
AT = Stamp(1, 1_795_345_200_000)

changes = st.lists(
    st.builds(Change, gtin=st.sampled_from([APPLES, MILK]), kind=st.sampled_from(["sold-out", "available", "recall"]))
    | st.builds(Change, gtin=st.sampled_from([APPLES, MILK]), kind=st.just("price"), price=st.integers(1, 500).map(lambda n: Money(n, "EUR")))
    | st.builds(Change, gtin=st.just(APPLES), kind=st.just("sold-out"), in_release=st.sampled_from(["one", "two"])),
    max_size=4,
)  # fmt: skip
deeds = st.lists(
    st.tuples(st.just("hears"), st.integers(0, 5)) | st.just(("restarts", 0)) | st.tuples(st.just("adopts"), st.integers(0, 1)),
    max_size=12,
)  # fmt: skip


class Wall:
    """A ledger, the two releases, and what the core was told."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock(trusted=True)
        self.ledger = Ledger(folder / "ledger.sqlite", self.clock, on_growth=lambda: None)
        self.release, self.recalled = "one", frozenset[str]()
        self.stores: dict[str, MemoryStore] = {"one": store(249), "two": store(300)}
        self.begin()

    def begin(self) -> None:
        self.store = LiveStore(self.stores[self.release])
        self.live = Live(
            ADDRESS, self.ledger, self.clock, lambda *_: None, lambda: self.store, lambda: self.release, lambda: None,
            lambda purpose: PublicKeys(tenant="demo", keys={"live": {SIGNER.kid: SIGNER.public}}).of(purpose),
        )  # fmt: skip
        self.recalled = frozenset()
        self.told(list(self.live.recover(AT)))

    def told(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, LiveChanged):
                self.recalled = event.recalled

    def adopts(self, release: str) -> None:
        self.release = release
        self.store = LiveStore(self.stores[release])
        self.told(list(self.live.look(AT)))


@settings(max_examples=60, deadline=None)
@given(st.lists(changes, min_size=6, max_size=6), deeds)
def test_whatever_comes_in_whatever_order_the_highest_version_holds(
    said: list[list[Change]], story: list[tuple[str, int]]
) -> None:
    sets = [encode(SIGNER.says(number + 1, *some)) for number, some in enumerate(said)]
    with tempfile.TemporaryDirectory() as folder:
        wall, highest = Wall(Path(folder)), 0
        try:
            for deed, number in story:
                match deed:
                    case "hears":
                        highest = max(highest, number + 1)
                        wall.told(list(wall.live.heard(sets[number], AT)))
                    case "restarts":
                        wall.begin()
                    case _:
                        wall.adopts(("one", "two")[number])
                holds(wall, said[highest - 1] if highest else [], highest)
        finally:
            wall.ledger.close()


def holds(wall: Wall, said: list[Change], version: int) -> None:
    assert wall.live.version == version
    body = SIGNER.says(1, *said).body
    effects = in_force(read_set(body), wall.release, AT.wall_ms)
    expected = LiveStore(wall.stores[wall.release], effects)
    for gtin in (APPLES, MILK):
        assert wall.store.product(gtin) == expected.product(gtin)
    recalled = {one.gtin for one in said if one.kind == "recall"}
    assert wall.recalled == recalled, "what the core refuses to sell"
    for gtin in recalled:
        product = wall.store.product(gtin)
        assert product is not None
        assert product.availability is Availability.OUT_OF_STOCK


def test_a_kept_set_that_is_damaged_is_said_and_the_next_one_holds(tmp_path: Path) -> None:
    wall = Wall(tmp_path)
    try:
        wall.ledger.keep("live", b"{")
        wall.begin()
        assert "cannot be read" in wall.live.fault
        wall.told(list(wall.live.heard(encode(SIGNER.says(1, Change(gtin=MILK, kind="recall"))), AT)))
        assert wall.live.fault == ""
        assert wall.recalled == {MILK}
        assert structs.asdict(AT)
    finally:
        wall.ledger.close()
