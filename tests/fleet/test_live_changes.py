"""Live changes at the fleet: given with a name and a reason, composed for each kiosk, signed, sent, undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from content.gtin import check_digit
from content.live_changes import MOST_CHANGES, MOST_RECALLED, in_force
from content.memory import MemoryStore
from content.model import Aisle, Availability, Language, Product, Store
from content.money import Money
from fleet.live_changes.checking import BadChange
from fleet.live_changes.composing import NO_WALL, Given, compose, fits
from fleet.live_changes.keys import BadLiveKey, load_live_key
from mqtt.topics import Address
from tests.fleet.live_world import NOW, Office
from tests.servers import wait_until
from tests.stores import store_url

MILK, TEA = "09521100100113", "09521100100212"
K1, K2, K3 = "demo/central/K1", "demo/north/K2", "rival/central/K3"
HOUR = 3_600_000


def published() -> MemoryStore:
    store = Store(
        key="s", names={"en": "Shop"}, currency="EUR", languages=(Language("en", "English"),),
        aisles=(Aisle(key="all", names={"en": "All"}),),
    )  # fmt: skip
    milk = Product(gtin=MILK, names={"en": "Milk"}, aisle="all", facing=1, price=Money(200, "EUR"))
    return MemoryStore(store, [milk])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = Office(store_url(tmp_path / "fleet.db"), published())
    opened.knows(K1, K2, K3)
    opened.desk.start()
    yield opened
    opened.desk.close()
    opened.store.close()


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def test_each_kiosk_hears_its_own(office: Office) -> None:
    office.groups = {K1: frozenset({"line2"})}
    office.give("sold-out", MILK, "group:line2")
    office.give("price", MILK, "demo", price=eur(150))
    office.give("recall", TEA, "*/central/*", reason="safety", texts={"en": "The lid."})
    said = office.hears(K1, f"sold-out {MILK}", f"price {MILK}", f"recall {TEA}")
    assert list(said.notes.values()) == [{"en": "The lid."}]
    office.hears(K2, f"price {MILK}")
    office.hears(K3, f"recall {TEA}")


def test_versions_grow_and_what_says_the_same_is_not_said_again(office: Office) -> None:
    office.give("sold-out", MILK, "demo/central")
    first = office.hears(K1, f"sold-out {MILK}").version
    one = office.give("sold-out", TEA, "demo/central")
    assert office.hears(K1, f"sold-out {MILK}", f"sold-out {TEA}").version > first
    office.desk.undo(one.number, "bob", "it came")
    office.hears(K1, f"sold-out {MILK}")
    assert not [kiosk for kiosk, _ in office.sent if kiosk != K1]


def test_a_kiosk_that_appears_hears_it_again_and_a_new_one_for_the_first_time(office: Office) -> None:
    office.give("sold-out", MILK)
    office.hears(K1, f"sold-out {MILK}")
    office.sent.clear()
    office.desk.appeared(Address(*K1.split("/")))
    office.hears(K1, f"sold-out {MILK}")
    office.desk.appeared(Address("demo", "new", "K9"))
    office.hears("demo/new/K9", f"sold-out {MILK}")


def test_a_broker_that_is_away_loses_nothing(office: Office) -> None:
    office.up = False
    office.give("sold-out", MILK)
    wait_until(lambda: office.desk.counters["unsent"] >= 3, "three kiosks to be missed")
    office.up = True
    office.desk.appeared(Address(*K1.split("/")))
    office.hears(K1, f"sold-out {MILK}")


def test_a_line_that_is_full_is_waited_for(office: Office) -> None:
    office.room = 1
    office.give("sold-out", MILK)
    for kiosk in (K1, K2, K3):
        office.hears(kiosk, f"sold-out {MILK}")


def test_a_fleet_that_was_stopped_goes_on_where_it_was(office: Office) -> None:
    office.give("sold-out", MILK)
    version = office.hears(K1, f"sold-out {MILK}").version
    office.again()
    assert [one.gtin for one in office.desk.standing()] == [MILK]
    office.give("sold-out", TEA)
    assert office.hears(K1, f"sold-out {MILK}", f"sold-out {TEA}").version == version + 1


def test_a_restored_database_is_not_behind_its_kiosks(office: Office) -> None:
    office.says(K1, 41)
    office.desk.appeared(Address(*K1.split("/")))
    assert office.hears(K1).version == 42  # nothing is changed here, and it hears so
    office.says(K2, 2**60)  # nonsense moves nothing
    office.give("sold-out", MILK)
    assert office.hears(K2, f"sold-out {MILK}").version == 1


def test_a_change_ends_with_its_hour(office: Office) -> None:
    office.give("sold-out", MILK, until_ms=NOW + HOUR)
    office.hears(K1, f"sold-out {MILK}")
    generation = office.desk.generation
    office.now = NOW + HOUR
    office.desk.appeared(Address(*K1.split("/")))  # the clock is in our hand, not the thread's
    office.hears(K1)
    assert office.desk.generation > generation
    assert office.desk.unsold(K1, [MILK], "r") == ""


def test_the_fleets_own_selling_obeys_at_once(office: Office) -> None:
    store = published()
    office.give("recall", TEA, "demo/central", reason="quality")
    assert office.desk.unsold(K1, [MILK, TEA], "r") == "recalled"
    assert office.desk.unsold(K2, [TEA], "r") == ""
    assert office.desk.unsold(NO_WALL, [TEA], "r") == "recalled"  # nobody knows whose goods they will be
    office.give("sold-out", MILK, "demo/central")
    assert office.desk.unsold(K1, [MILK], "r") == "sold-out"
    assert office.desk.unsold("", [MILK], "r") == ""
    milk = office.desk.over(store, K1).product(MILK)
    assert milk is not None
    assert milk.availability is Availability.OUT_OF_STOCK
    assert office.desk.over(store, K2) is store


def test_where_a_kiosk_runs_the_release_that_ends_it_phones_do_not_obey_it_either(office: Office) -> None:
    office.give("sold-out", MILK, until_release="demo-000043")
    office.says(K1, 1, release="demo-000042")
    office.says(K2, 1, release="demo-000044")
    assert office.desk.unsold(K1, [MILK], "a-hash") == "sold-out"
    assert office.desk.unsold(K2, [MILK], "a-hash") == ""


def test_who_does_not_obey_is_listed_with_what_it_could_not_take(office: Office) -> None:
    office.give("sold-out", MILK, "demo")
    office.hears(K1, f"sold-out {MILK}")
    office.hears(K2, f"sold-out {MILK}")
    office.says(K1, 1)
    office.says(K2, 0, "live changes: the signature is not true", "sleep: the clock is not trusted")
    one, two = office.desk.book.obeying()
    assert (one.kiosk, one.obeys, one.faults) == (K1, True, ())
    assert (two.kiosk, two.obeys) == (K2, False)
    assert two.faults == ("live changes: the signature is not true",)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"gtin": "milk"}, "digits"),
        ({"gtin": "09521100100114"}, "check digit"),
        ({"kind": "explode"}, "expected one of"),
        ({"who": " "}, "who wants it"),
        ({"why": ""}, "who wants it"),
        ({"who": "x" * 61}, "at most 60"),
        ({"scope": "demo/central/K1/extra"}, "expected all, group:KEY"),
        ({"scope": ""}, "expected all, group:KEY"),
        ({"scope": "demo/[a-z]"}, "expected all, group:KEY"),
        ({"until_ms": NOW}, "moment to come"),
        ({"until_ms": NOW + 400 * 24 * HOUR}, "within a year"),
        ({"until_release": "../x"}, "release's name"),
        ({"kind": "price"}, "expected a price"),
        ({"price": eur(1)}, "expected a price"),
        ({"kind": "price", "price": eur(200)}, "a release raises them"),
        ({"kind": "price", "price": eur(0)}, "more than 0"),
        ({"kind": "price", "price": Money(1, "USD")}, "costs EUR"),
        ({"kind": "price", "price": eur(1), "gtin": TEA}, "not in what is published"),
        ({"kind": "recall"}, "expected one of safety"),
        ({"kind": "recall", "reason": "safety", "until_ms": NOW + 1}, "until somebody undoes it"),
        ({"kind": "recall", "reason": "safety", "texts": {"en": ""}}, "1 to 500"),
        ({"kind": "recall", "reason": "safety", "texts": {"en": "x" * 501}}, "1 to 500"),
        ({"kind": "recall", "reason": "safety", "texts": {"../": "x"}}, "expected a tag"),
        ({"kind": "recall", "reason": "safety", "texts": {f"en-{n}": "x" for n in range(21)}}, "languages"),
        ({"reason": "safety"}, "only a recall"),
    ],
)
def test_a_change_nobody_can_grant_is_not_given(office: Office, wish: dict[str, object], why: str) -> None:
    with pytest.raises(BadChange, match=why):
        office.give(**{"kind": "sold-out", "gtin": MILK, **wish})  # type: ignore[arg-type]
    assert office.desk.standing() == ()
    assert office.desk.book.latest(9) == ()


def test_undoing_needs_a_name_a_reason_and_something_to_undo(office: Office) -> None:
    one = office.give("sold-out", MILK)
    for number, who, why in ((one.number, "", "x"), (one.number, "ada", " "), (99, "ada", "x")):
        with pytest.raises(BadChange):
            office.desk.undo(number, who, why)
    office.desk.undo(one.number, "bob", "it came")
    with pytest.raises(BadChange, match="no change 1 stands"):
        office.desk.undo(one.number, "bob", "again")
    (kept,) = office.desk.book.latest(9)
    assert (kept.who, kept.undone_who, kept.undone_why) == ("ada", "bob", "it came")


def test_without_a_key_nothing_is_given(tmp_path: Path) -> None:
    office = Office(store_url(tmp_path / "fleet.db"), keyed=False)
    office.desk.start()
    with pytest.raises(BadChange, match="--live-key"):
        office.give("sold-out", MILK)
    office.desk.close()
    office.store.close()


def gtin(number: int) -> str:
    return f"0{number}{check_digit(str(number))}"


def test_a_recall_has_room_however_many_other_changes_there_are(tmp_path: Path) -> None:
    office = Office(store_url(tmp_path / "fleet.db"))
    office.knows(K1, K2)
    for number in range(MOST_CHANGES):
        office.give("sold-out", gtin(952110000000 + number), "demo/central")
    with pytest.raises(BadChange, match="more than 500 changes beside recalls: publish a release"):
        office.give("sold-out", MILK, "demo/central")
    office.give("sold-out", MILK, "demo/north")  # another kiosk has room
    office.give("recall", MILK, "demo/central", reason="safety")
    changes, _ = compose(office.desk.standing(), K1, frozenset(), NOW)
    assert len(changes) == MOST_CHANGES + 1
    assert MOST_RECALLED >= 1_000
    office.store.close()


# --- pure -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "there"),
    [
        ("all", True), ("demo", True), ("demo/central", True), (K1, True), ("demo/*/K1", True), ("*/central/*", True),
        ("group:line2", True), ("group:line3", False), ("dem", False), ("demo/north", False), ("K1", False),
    ],
)  # fmt: skip
def test_what_a_scope_means(scope: str, there: bool) -> None:
    assert fits(scope, K1, frozenset({"line2"})) is there


words = st.builds(
    Given, scope=st.sampled_from(["all", "demo", K1]), gtin=st.sampled_from([MILK, TEA]),
    kind=st.sampled_from(["sold-out", "available", "recall"]), until_ms=st.sampled_from([0, 0, 5]), undone_ms=st.sampled_from([0, 0, 1]),
)  # fmt: skip


@given(st.lists(words, max_size=12), st.sampled_from([1, 5]))
def test_a_composed_set_says_what_all_words_one_after_the_other_say(said: list[Given], now_ms: int) -> None:
    """Leaving out what is superseded changes nothing."""
    from content.live_changes import LiveSet

    said = [
        one
        if one.kind != "recall"
        else Given(scope=one.scope, gtin=one.gtin, kind="recall", undone_ms=one.undone_ms)
        for one in said
    ]
    changes, _ = compose(said, K1, frozenset(), now_ms)
    effects = in_force(LiveSet(format=1, kiosk=K1, version=1, at_ms=1, changes=changes), "r", now_ms)
    for product in (MILK, TEA):
        mine = [one for one in said if one.gtin == product and one.stands(now_ms)]
        recalled = any(one.kind == "recall" for one in mine)
        last = next((one.kind for one in reversed(mine) if one.kind != "recall"), "")
        found = effects.get(product)
        assert recalled == (found is not None and found.recall is not None)
        assert (found.available if found else None) == {"sold-out": False, "available": True, "": None}[last]


# --- keys -----------------------------------------------------------------------------------------------------


def test_a_key_file_may_hold_the_public_key_too(tmp_path: Path) -> None:
    key, path = Ed25519PrivateKey.generate(), tmp_path / "demo.live.pem"
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(public + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert load_live_key(path).private_bytes_raw() == key.private_bytes_raw()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read"),
        (b"", "expected a private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "expected a private key"),
        ("rsa", "expected an Ed25519 key"),
        ("locked", "passphrase"),
    ],
)
def test_a_file_that_holds_no_usable_key_is_named(text: bytes | str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    if text == "rsa":
        text = generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    elif text == "locked":
        text = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    if isinstance(text, bytes):
        path.write_bytes(text)
    with pytest.raises(BadLiveKey, match=why):
        load_live_key(path)
