"""Whole journeys through a running kiosk: what a person does, what the fleet says, what is on the glass and what is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from content.money import Money
from content.references import parse_claim
from kiosk.agent import StoreReady
from kiosk.peripherals.peripherals import CardRead, CodeRead, DeviceState
from kiosk.program import Busy
from kiosk.views import (
    Add,
    Attract,
    Basket,
    CancelPay,
    Checkout,
    ChooseMethod,
    Done,
    OpenAisle,
    OpenBasket,
    OpenProduct,
    Pay,
    PayBy,
    Problem,
    ProductDetail,
    Seen,
    SetQuantity,
    Start,
    Thanks,
    Wall,
)
from mqtt.messages import (
    AdvertPlayed,
    CancelWanted,
    ChargeState,
    Engaged,
    FacingsSeen,
    PhoneSale,
    Presence,
    RefundCharge,
    RefundWanted,
    SaleMade,
    Scanned,
    StatusWanted,
    decode,
)
from tests.kiosk.kiosks import APPLES, MILK, Kiosk, store
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until


def paid(kiosk: Kiosk, pay: Pay, minor: int | None = None) -> None:
    kiosk.fleet.pays(pay.reference, pay.amount.minor if minor is None else minor)


class TestBuying:
    def test_touch_to_receipt(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            assert (pay.payload, pay.amount, pay.merchant) == ("PAY HERE", Money(498, "EUR"), "Corner")
            [wanted] = kiosk.fleet.wanted
            assert (wanted.reference, wanted.total_minor, wanted.method) == (pay.reference, 498, "epc")
            assert [(line.gtin, line.quantity, line.facing) for line in wanted.lines] == [(APPLES, 2, 1)]
            assert wanted.ttl_s == 180
            paid(kiosk, pay)
            thanks = kiosk.sees(Thanks, where=lambda view: view.receipt == "printed")
            assert thanks.claim_code == wanted.claim_code == parse_claim(wanted.claim_code)
            [receipt] = kiosk.devices.printed
            assert receipt.reference == pay.reference
            until(lambda: kiosk.fleet.events(SaleMade))
            [sale] = kiosk.fleet.events(SaleMade)
            assert isinstance(sale, SaleMade)
            assert (sale.order, sale.reference, sale.total_minor, sale.version) == (
                wanted.order,
                pay.reference,
                498,
                store().store.version,
            )
            assert sale.claim_code == thanks.claim_code
            assert sale.boot == kiosk.program.clock.boot
            kiosk.do(Done())
            kiosk.sees(Attract)
            until(
                lambda: kiosk.program.ledger.bounds()[0] == kiosk.program.ledger.bounds()[1],
                "all acknowledged",
            )
            assert [seq for _, seq in sorted(kiosk.fleet.stored)] == list(
                range(1, len(kiosk.fleet.stored) + 1)
            )

    def test_a_claim_code_is_chance_and_in_nothing_the_pay_screen_shows(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pays = []
            for _ in range(3):
                pays.append(kiosk.buys())
                paid(kiosk, pays[-1])
                kiosk.sees(Thanks)
                kiosk.do(Done())
                kiosk.sees(Attract)
            codes = [wanted.claim_code for wanted in kiosk.fleet.wanted]
            assert len(set(codes)) == 3
            for pay, code in zip(pays, codes, strict=True):
                assert code.replace("-", "") not in msgspec.json.encode(pay).decode().replace("-", "")

    def test_a_confirmation_that_comes_three_times_is_one_sale(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            for _ in range(3):
                paid(kiosk, pay)
            kiosk.sees(Thanks)
            kiosk.do(Done())
            paid(kiosk, pay)
            kiosk.sees(Attract)
            kiosk.do(Start())
            kiosk.sees(Wall)
            until(lambda: kiosk.fleet.events(SaleMade))
        assert len(kiosk.fleet.events(SaleMade)) == 1
        assert not kiosk.fleet.events(RefundWanted)

    def test_the_wrong_amount_goes_back(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            paid(kiosk, pay, minor=400)
            problem = kiosk.sees(Problem)
            assert problem.key == "wrong-amount"
            until(lambda: kiosk.fleet.events(RefundWanted))
            until(lambda: any(isinstance(request, RefundCharge) for request in kiosk.fleet.requests))
            [refund] = kiosk.fleet.events(RefundWanted)
            assert isinstance(refund, RefundWanted)
            assert (refund.reference, refund.total_minor, refund.reason) == (
                pay.reference,
                400,
                "amount-mismatch",
            )

    def test_a_card_is_read_only_while_the_reader_is_armed(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), Add(gtin=MILK), Checkout(), PayBy("card"))
            kiosk.sees(Pay)
            until(lambda: kiosk.devices.armed)
            kiosk.devices.post(CardRead("TOKENTOKENTOKENTOKENTOKE"))
            until(lambda: kiosk.fleet.wanted)
            assert kiosk.fleet.wanted[0].card == "TOKENTOKENTOKENTOKENTOKE"
            until(lambda: not kiosk.devices.armed)
            paid(kiosk, kiosk.sees(Pay, where=lambda pay: pay.reference != ""))
            kiosk.sees(Thanks)

    def test_a_payment_cancelled_and_paid_all_the_same_is_refunded_not_lost(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            kiosk.do(CancelPay())
            kiosk.sees(ChooseMethod)
            assert any(isinstance(request, CancelWanted) for request in kiosk.fleet.requests)
            kiosk.do(SetQuantity(APPLES, 0))
            paid(kiosk, pay)
            until(lambda: kiosk.fleet.events(RefundWanted) or kiosk.fleet.events(SaleMade))
            assert len(kiosk.fleet.events(RefundWanted)) + len(kiosk.fleet.events(SaleMade)) == 1

    def test_no_paper_does_not_spoil_the_thanks(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.devices.paper = False
            paid(kiosk, kiosk.buys())
            kiosk.sees(Thanks, where=lambda view: view.receipt == "no-paper")

    @pytest.mark.parametrize("reason", ["declined", "provider-down"])
    def test_the_fleet_says_no(self, tmp_path: Path, reason: str) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            kiosk.fleet.say(ChargeState(id="", reference=pay.reference, state="failed", reason=reason))
            assert kiosk.sees(Problem).can_retry


class TestLooking:
    def test_shelves_products_and_scans(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), OpenAisle("dairy"))
            kiosk.sees(Wall, where=lambda wall: wall.aisle == "dairy")
            [milk] = kiosk.screen.facings("dairy", "en", 0, 10).items
            assert (milk.gtin, milk.facing, milk.name) == (MILK, 2, "Milk")
            assert milk.qr == f"HTTPS://SHOP.EXAMPLE/K1/2/01/{MILK}"
            kiosk.devices.post(CodeRead(milk.qr))
            until(lambda: kiosk.fleet.events(Scanned))
            kiosk.do(OpenProduct(gtin=APPLES, facing=1))
            kiosk.sees(ProductDetail, where=lambda view: view.facing.gtin == APPLES)
            kiosk.devices.post(CodeRead(APPLES[1:]))
            kiosk.devices.post(CodeRead("4006381333931"))
            until(lambda: len(kiosk.fleet.events(Scanned)) == 3)
            outcomes = [(e.kind, e.outcome) for e in kiosk.fleet.events(Scanned) if isinstance(e, Scanned)]
            assert outcomes[0] == ("digital-link", "product")
            assert outcomes[2][1] == "unknown"

    def test_products_the_store_does_not_have_change_nothing(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), Add(gtin="09521100999999"), OpenProduct(gtin="x"), Add(gtin=MILK), OpenBasket())
            assert [line.gtin for line in kiosk.sees(Basket).lines] == [MILK]

    def test_an_advert_leads_to_its_product_and_its_play_is_counted(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(link="milk"))
            kiosk.sees(ProductDetail, where=lambda view: view.facing.gtin == MILK)
            until(lambda: kiosk.fleet.events(AdvertPlayed))
            until(lambda: kiosk.fleet.events(Engaged))

    def test_what_was_seen_is_told(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), OpenAisle("fruit"), Seen(((1, 1500),)), OpenAisle("dairy"))
            until(lambda: kiosk.fleet.events(FacingsSeen))
            [seen] = kiosk.fleet.events(FacingsSeen)
            assert isinstance(seen, FacingsSeen)
            assert (seen.aisle, seen.seen) == ("fruit", ((1, 1, 1500),))

    def test_a_phone_sale_is_thanked_for_without_stopping_anybody(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), OpenAisle("dairy"))
            kiosk.sees(Wall, where=lambda wall: wall.aisle == "dairy")
            kiosk.fleet.say(
                PhoneSale(order="7Z5M2K9QW3RT8XA", claim_code="K7Q2-9MXT", total_minor=119, currency="EUR")
            )
            wall = kiosk.sees(Wall, where=lambda wall: wall.frame.notice is not None)
            assert wall.frame.notice is not None
            assert wall.frame.notice.args == ("7Z5M",)

    def test_a_new_store_is_adopted_when_nobody_buys_and_the_screen_gets_its_shop(
        self, tmp_path: Path
    ) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), Add(gtin=APPLES), OpenBasket())
            kiosk.sees(Basket)
            newer = store(minor=199)
            kiosk.program.runtime.post(StoreReady(newer))
            kiosk.do(Checkout(), PayBy("epc"))
            pay = kiosk.sees(Pay, where=lambda pay: pay.stage == "waiting")
            assert pay.amount == Money(249, "EUR"), "the price that was shown"
            paid(kiosk, pay)
            kiosk.sees(Thanks)
            assert kiosk.seen[-1][0].version == store().store.version
            kiosk.do(Done())
            until(lambda: kiosk.seen[-1][0].version == newer.store.version)
            assert kiosk.screen.facings("fruit", "en", 0, 1).items[0].price == Money(199, "EUR")
            kiosk.sees(Attract)

    def test_a_release_that_is_what_an_image_was_made_with_is_adopted_too(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.program.runtime.post(StoreReady(store(), str(tmp_path / "wall")))
            until(lambda: kiosk.program.runtime.session.place.pictures == str(tmp_path / "wall"))
            kiosk.do(Start())
            kiosk.sees(Wall)
            assert kiosk.screen.facings("fruit", "en", 0, 1).items[0].price == Money(249, "EUR")


class TestTheLine:
    def test_without_a_fleet_nobody_is_asked_to_pay(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.do(Start(), Add(gtin=MILK), Checkout())
            kiosk.sees(ChooseMethod, where=lambda view: view.off == ())
            kiosk.fleet.down()
            offline = kiosk.sees(ChooseMethod, where=lambda view: len(view.off) == 3)
            assert offline.off[0] == ("link", "offline")
            kiosk.fleet.up()
            kiosk.sees(ChooseMethod, where=lambda view: view.off == ())

    def test_an_unanswered_charge_is_asked_for_again_under_the_same_reference(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.fleet.answers = False
            kiosk.do(Start(), Add(gtin=MILK), Checkout(), PayBy("epc"))
            until(lambda: kiosk.fleet.wanted)
            kiosk.fleet.down()
            kiosk.fleet.answers = True
            kiosk.fleet.up()
            pay = kiosk.sees(Pay, where=lambda pay: pay.stage == "waiting")
            first, second = kiosk.fleet.wanted[:2]
            assert first == second
            assert first.reference == pay.reference

    def test_a_confirmation_lost_on_the_way_is_asked_for_when_the_line_is_back(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            pay = kiosk.buys()
            kiosk.fleet.down()
            kiosk.fleet.charges[pay.reference] = ChargeState(
                id="", reference=pay.reference, state="paid", paid_minor=498, currency="EUR"
            )
            kiosk.fleet.up()
            kiosk.sees(Thanks)
            assert any(isinstance(request, StatusWanted) for request in kiosk.fleet.requests)

    def test_events_wait_for_the_fleet_and_are_sent_until_it_has_them(self, tmp_path: Path) -> None:
        fleet = MemoryFleet()
        fleet.acks = False
        with Kiosk(tmp_path, fleet) as kiosk:
            paid(kiosk, kiosk.buys())
            kiosk.sees(Thanks)
            until(lambda: fleet.events(SaleMade))
            assert kiosk.program.ledger.bounds()[0] == 0, "nothing is forgotten without the fleet's word"
            fleet.down()
            fleet.acks = True
            fleet.up()
            until(lambda: kiosk.program.ledger.bounds()[0] == kiosk.program.ledger.bounds()[1])
            assert len(fleet.events(SaleMade)) == 1
            assert len(fleet.batches) > 1

    def test_presence_says_what_the_wall_shows_and_the_will_says_lost(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            until(lambda: kiosk.fleet.presence)
            assert kiosk.fleet.presence[0].state == "ready"
            kiosk.do(Start())
            until(lambda: kiosk.fleet.presence[-1].view == "wall")
            assert kiosk.fleet.presence[-1].state == "selling"
            will = decode(kiosk.fleet.will, Presence)
            assert will.state == "lost"
            assert (
                (will.session, will.epoch)
                == (kiosk.fleet.presence[0].session, kiosk.fleet.presence[0].epoch)
                != ("", "")
            )
            assert will.epoch == kiosk.program.ledger.epoch
        assert kiosk.fleet.presence[-1].state == "closed"

    def test_health_tells_devices_and_counters(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.devices.post(DeviceState("printer", "ready", "no-paper"))
            until(lambda: kiosk.fleet.health)
            health = kiosk.fleet.health[-1]
            assert health.devices == {"scanner": "ready", "reader": "ready", "printer": "ready no-paper"}
            assert health.counters["link.screens"] == 1

    @pytest.mark.parametrize("payload", [b"", b"{", b'{"id":1}', b"\xff", b'{"epoch":"x","upto":9}'])
    def test_messages_that_make_no_sense_are_refused_and_counted(
        self, tmp_path: Path, payload: bytes
    ) -> None:
        with Kiosk(tmp_path) as kiosk:
            address = kiosk.config.address
            for topic in (address.acks, address.responses, address.charges, address.notices, "elsewhere"):
                kiosk.fleet.say_bytes(topic, payload)
            kiosk.do(Start())
            kiosk.sees(Wall)
            assert kiosk.program.runtime.counters["events-failed"] == 0


class TestRestart:
    def test_who_was_paying_when_the_power_went_sees_the_payment_again(self, tmp_path: Path) -> None:
        fleet = MemoryFleet()
        with Kiosk(tmp_path, fleet) as kiosk:
            pay = kiosk.buys()
        fleet.charges[pay.reference] = ChargeState(
            id="", reference=pay.reference, state="paid", paid_minor=498, currency="EUR"
        )
        with Kiosk(tmp_path, fleet) as kiosk:
            thanks = kiosk.sees(Thanks)
            assert thanks.reference == pay.reference
            assert thanks.claim_code == fleet.wanted[0].claim_code, "the one the fleet was told before"
        [sale] = fleet.events(SaleMade)
        assert isinstance(sale, SaleMade)
        assert sale.claim_code == thanks.claim_code

    def test_money_that_comes_after_a_restart_for_a_settled_sale_is_no_second_sale(
        self, tmp_path: Path
    ) -> None:
        fleet = MemoryFleet()
        with Kiosk(tmp_path, fleet) as kiosk:
            pay = kiosk.buys()
            paid(kiosk, pay)
            kiosk.sees(Thanks)
        with Kiosk(tmp_path, fleet) as kiosk:
            paid(kiosk, pay)
            kiosk.do(Start())
            kiosk.sees(Wall)
            until(lambda: kiosk.program.ledger.bounds()[0] == kiosk.program.ledger.bounds()[1])
        assert len(fleet.events(SaleMade)) == 1
        assert not fleet.events(RefundWanted)

    def test_money_nobody_knows_of_goes_back(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.fleet.pays("ZZZZZZZZZZZZZZZZ", 700)
            until(lambda: kiosk.fleet.events(RefundWanted))
            [refund] = kiosk.fleet.events(RefundWanted)
            assert isinstance(refund, RefundWanted)
            assert (refund.reference, refund.total_minor) == ("ZZZZZZZZZZZZZZZZ", 700)

    def test_a_refund_nobody_heard_of_is_asked_for_after_a_restart(self, tmp_path: Path) -> None:
        fleet = MemoryFleet()
        fleet.answers = False
        with Kiosk(tmp_path, fleet) as kiosk:
            fleet.pays("ZZZZZZZZZZZZZZZZ", 700)
            until(kiosk.program.ledger.owed_refunds)
        fleet.answers = True
        fleet.requests.clear()
        with Kiosk(tmp_path, fleet) as kiosk:
            until(lambda: not kiosk.program.ledger.owed_refunds(), "the confirmation")
        assert [type(request) for request in fleet.requests] == [RefundCharge]
        assert len(fleet.events(RefundWanted)) == 1

    def test_two_agents_never_share_a_state_folder(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path), pytest.raises(Busy, match="another agent works there"):
            Kiosk(tmp_path)


class TestStorage:
    def test_a_payment_that_cannot_be_written_down_is_not_asked_for(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            spoil(kiosk, "payment")
            kiosk.do(Start(), Add(gtin=MILK), Checkout(), PayBy("epc"))
            assert kiosk.sees(Problem).key == "provider-down"
            assert not kiosk.fleet.wanted

    def test_a_sale_the_ledger_cannot_take_is_tried_again_until_it_can(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path, more="[session]\nlate_poll_ms = 50\nrecord_ms = 60000\n") as kiosk:
            pay = kiosk.buys()
            spoil(kiosk, "sale")
            paid(kiosk, pay)
            kiosk.sees(Pay, where=lambda view: view.stage == "confirming")
            mend(kiosk, "sale")
            kiosk.sees(Thanks)
            until(lambda: kiosk.fleet.events(SaleMade))


def spoil(kiosk: Kiosk, table: str) -> None:
    """Let every insert into a table of the ledger fail, as a full disk does."""
    with sqlite3.connect(kiosk.config.ledger) as db:
        db.execute(
            f"CREATE TRIGGER spoil BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    db.close()


def mend(kiosk: Kiosk, table: str) -> None:
    with sqlite3.connect(kiosk.config.ledger) as db:
        db.execute("DROP TRIGGER spoil")
    db.close()
