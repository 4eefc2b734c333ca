"""Live changes at a whole kiosk: believed, shown, kept, undone; and refused with a reason that reaches the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from content.live_changes import Change
from content.memory import MemoryStore
from content.money import Money
from kiosk.agent import StoreReady
from kiosk.views import (
    Add,
    Basket,
    Checkout,
    ChooseMethod,
    OpenBasket,
    OpenProduct,
    Pay,
    Problem,
    ProductDetail,
    Start,
)
from mqtt.commands import LiveChanges
from mqtt.messages import ChargeState
from tests.kiosk.kiosks import APPLES, MILK, Kiosk, store
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.signed import Signer
from tests.kiosk.until import until

GONE = Change(gtin=APPLES, kind="sold-out")
RECALL = Change(gtin=APPLES, kind="recall", reason="safety", note="1")
CHEAP = Change(gtin=APPLES, kind="price", price=Money(199, "EUR"))


@pytest.fixture
def signer() -> Signer:
    return Signer()


def opened(tmp_path: Path, signer: Signer, fleet: MemoryFleet | None = None) -> Kiosk:
    return Kiosk(tmp_path, fleet, signer.publish(tmp_path))


def apples(kiosk: Kiosk) -> tuple[bool, int, str]:
    facing = kiosk.program.agent.facings("fruit", "en", 0, 1).items[0]
    return facing.available, facing.price.minor, facing.badge


def in_force(fleet: MemoryFleet, version: int) -> None:
    until(lambda: fleet.reported and fleet.reported[-1].live_version == version)


def test_it_reaches_the_shelves_and_the_screen_asks_for_them_anew(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        version = kiosk.seen[-1][0].version
        kiosk.fleet.say(signer.says(1, GONE))
        until(lambda: kiosk.seen[-1][0].version != version)
        assert apples(kiosk) == (False, 249, "")
        kiosk.fleet.say(signer.says(2, CHEAP))
        until(lambda: apples(kiosk) == (True, 199, "sale"))
        in_force(kiosk.fleet, 2)
        kiosk.fleet.say(signer.says(3))
        until(lambda: apples(kiosk) == (True, 249, ""))


def test_a_recall_takes_it_out_of_the_basket_and_explains_itself(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        kiosk.do(Start(), Add(APPLES, 1), Add(MILK, 2), Checkout())
        kiosk.sees(ChooseMethod)
        kiosk.fleet.say(signer.says(1, RECALL, notes={"1": {"en": "A lid may be broken."}}))
        view = kiosk.sees(ProductDetail)
        assert (view.recall, view.recall_text) == ("safety", "A lid may be broken.")
        kiosk.do(OpenBasket())
        assert [line.gtin for line in kiosk.sees(Basket).lines] == [MILK]


def test_a_payment_for_it_is_cancelled_and_late_money_goes_back(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        pay = kiosk.buys()
        kiosk.fleet.answers = False  # the provider takes its time
        kiosk.fleet.say(signer.says(1, RECALL))
        until(lambda: any(type(one).__name__ == "CancelWanted" for one in kiosk.fleet.requests))
        kiosk.fleet.pays(pay.reference, 498)
        assert kiosk.sees(Problem).key == "recalled"
        until(lambda: any(type(one).__name__ == "RefundCharge" for one in kiosk.fleet.requests))


def test_the_newest_set_stands_over_a_restart_and_over_older_ones(tmp_path: Path, signer: Signer) -> None:
    fleet = MemoryFleet()
    with opened(tmp_path, signer, fleet) as kiosk:
        fleet.say(signer.says(7, RECALL))
        in_force(fleet, 7)
        fleet.say(signer.says(6))
        fleet.say(signer.says(7))
        kiosk.do(Start())
        assert apples(kiosk)[2] == "recalled"
    fleet.reported.clear()
    (tmp_path / "keys.json").unlink()  # a key that is gone ends no recall
    with Kiosk(tmp_path, fleet, '[signing]\nkeys = "keys.json"') as kiosk:
        in_force(fleet, 7)
        assert apples(kiosk) == (False, 249, "recalled")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("other-key", "none of ours"),
        ("other-purpose", "signature is not true"),
        ("other-tenant", "signature is not true"),
        ("other-kiosk", "of 'demo/s1/K2', this is demo/s1/K1"),
        ("flipped", "signature is not true"),
        ("no-signature", "signature is not true"),
        ("no-set", "truncated"),
        ("no-json", "malformed"),
    ],
)
def test_what_cannot_be_believed_is_refused_and_said_and_the_last_good_set_stands(
    bad: str, why: str, tmp_path: Path, signer: Signer
) -> None:
    with opened(tmp_path, signer) as kiosk:
        kiosk.fleet.say(signer.says(1, RECALL))
        in_force(kiosk.fleet, 1)
        good = signer.says(2)
        match bad:
            case "other-key":
                good = Signer().says(2)
            case "other-purpose":
                good = signer.says(2, purpose="alert")
            case "other-tenant":
                good = signer.says(2, tenant="rival")
            case "other-kiosk":
                good = signer.says(2, kiosk="demo/s1/K2")
            case "flipped":
                good = structs.replace(good, body=good.body.replace(b'"version":2', b'"version":3'))
            case "no-signature":
                good = structs.replace(good, signature=b"")
            case "no-set":
                good = LiveChanges(kid=signer.kid, signature=signer_of(signer, b""), body=b"")
        if bad == "no-json":
            kiosk.fleet.say_bytes("k1/demo/s1/K1/dn/live", b"{")
            why = "truncated"
        else:
            kiosk.fleet.say(good)
        until(lambda: kiosk.fleet.reported[-1].faults)
        assert why in kiosk.fleet.reported[-1].faults[0]
        assert kiosk.fleet.reported[-1].live_version == 1
        assert apples(kiosk)[2] == "recalled"
        kiosk.fleet.say(signer.says(3))
        in_force(kiosk.fleet, 3)
        assert kiosk.fleet.reported[-1].faults == ()


def signer_of(signer: Signer, body: bytes) -> bytes:
    from content.signing import sign

    return sign(signer.private, "live", "demo", body)


def test_a_kiosk_without_keys_believes_nobody_and_says_so(tmp_path: Path, signer: Signer) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.say(signer.says(1, RECALL))
        until(lambda: kiosk.fleet.reported and kiosk.fleet.reported[-1].faults)
        assert "no key to believe them by" in kiosk.fleet.reported[-1].faults[0]
        assert apples(kiosk) == (True, 249, "")


def test_keys_that_come_or_are_changed_are_used_at_once(tmp_path: Path, signer: Signer) -> None:
    with Kiosk(tmp_path, more='[signing]\nkeys = "keys.json"') as kiosk:
        kiosk.fleet.say(signer.says(1, GONE))
        until(lambda: kiosk.fleet.reported and kiosk.fleet.reported[-1].faults)
        (tmp_path / "keys.json").write_text("{")
        kiosk.fleet.say(signer.says(1, GONE))
        (tmp_path / "keys.json").unlink()
        signer.publish(tmp_path)
        kiosk.fleet.say(signer.says(2, GONE))
        in_force(kiosk.fleet, 2)


def test_a_change_for_one_release_ends_when_the_next_is_adopted(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        release = kiosk.fleet.reported[-1].release if kiosk.fleet.reported else store().store.version
        kiosk.fleet.say(
            signer.says(1, structs.replace(GONE, in_release=release), Change(gtin=MILK, kind="sold-out"))
        )
        until(lambda: not apples(kiosk)[0])
        fresh: MemoryStore = store(minor=300)
        kiosk.program.runtime.post(StoreReady(fresh))
        until(lambda: apples(kiosk) == (True, 300, ""))
        dairy = kiosk.program.agent.facings("dairy", "en", 0, 1).items[0]
        assert not dairy.available  # this one stands


def test_a_change_ends_with_its_hour_without_the_fleet(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        soon = kiosk.program.clock.wall_ms() + 400
        kiosk.fleet.say(signer.says(1, structs.replace(GONE, until_ms=soon)))
        until(lambda: not apples(kiosk)[0])
        kiosk.fleet.down()
        until(lambda: apples(kiosk)[0])


def test_a_product_that_is_looked_at_changes_on_the_glass(tmp_path: Path, signer: Signer) -> None:
    with opened(tmp_path, signer) as kiosk:
        kiosk.do(Start(), OpenProduct(APPLES, 1))
        kiosk.sees(ProductDetail)
        kiosk.fleet.say(signer.says(1, CHEAP))
        until(lambda: isinstance(kiosk.view, ProductDetail) and kiosk.view.facing.price == Money(199, "EUR"))


def test_the_fleet_may_refuse_a_charge_of_what_the_kiosk_has_not_heard_of(
    tmp_path: Path, signer: Signer
) -> None:
    with opened(tmp_path, signer) as kiosk:
        pay = kiosk.buys()
        kiosk.fleet.say(ChargeState(id="", reference=pay.reference, state="failed", reason="recalled"))
        assert kiosk.sees(Problem).can_retry
        kiosk.fleet.say(signer.says(1, RECALL))
        until(lambda: not isinstance(kiosk.view, Pay))
        until(lambda: kiosk.view.frame.basket_count == 0)
