"""Looking around: shelves, scans, idling, languages, adverts, and the wall while it is closed."""

from __future__ import annotations

import pytest
from msgspec import structs

from content.fulfilment import Fulfilment, Kind
from content.model import Availability, Language, Merchant, Product, Sale
from content.money import Money
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.orders import BadOrder
from kiosk.core.present import present
from kiosk.core.settings import Settings
from kiosk.core.state import Tapping
from tests.core.journeys import MILK, ORDER, RICE, TEA, WALL_MS, Journey, eur, product, store


def notice(j: Journey) -> str:
    """The key of the notice on the screen, "" for none."""
    shown = j.session.notices
    return shown[0].key if shown else ""


# --- coming, looking, going -----------------------------------------------------------------------------------


def test_an_advert_leads_where_it_says() -> None:
    j = Journey()
    j.happens(ev.Started, "autumn")
    assert j.view(views.Wall).aisle == "bakery"
    j.happens(ev.StartOverAsked)
    j.happens(ev.Started, "tea", TEA)
    assert j.view(views.ProductDetail).facing.gtin == TEA.gtin
    j.happens(ev.WentBack)
    assert j.view(views.Wall).aisle == "dairy"
    assert ef.RecordEngagement("start", "tea") in j.story


def test_an_aisle_the_store_does_not_have_changes_nothing() -> None:
    j = Journey()
    j.happens(ev.Started)
    assert j.happens(ev.AisleOpened, "unicorns") == ()
    assert j.view(views.Wall).aisle == "dairy"
    j.happens(ev.AisleOpened, "bakery")
    assert j.view(views.Wall).aisle == "bakery"


def test_the_basket_is_changed_piece_by_piece() -> None:
    j = Journey()
    j.shop(MILK, TEA).happens(ev.BasketOpened)
    j.happens(ev.QuantitySet, TEA.gtin, 3)
    assert j.view(views.Basket).total == eur(129 + 400 + 250)
    j.happens(ev.QuantitySet, MILK.gtin, 0)
    assert [line.gtin for line in j.view(views.Basket).lines] == [TEA.gtin]
    j.happens(ev.QuantitySet, RICE.gtin, 1, RICE, 3)
    assert j.view(views.Basket).frame.basket_count == 4
    before = j.view(views.Basket)
    for quantity in (0, -1, 5):
        j.happens(ev.QuantitySet, "09521100100915", quantity)
    assert j.view(views.Basket) == before


@pytest.mark.parametrize(
    ("one", "quantity", "why"),
    [
        (product("09521100100410", "Gone", 100, 4, availability=Availability.OUT_OF_STOCK), 1, "sold-out"),
        (product("09521100100519", "Oats", 100, 5, availability=Availability.PREORDER), 20, ""),
        (MILK, 21, "line-full"),
        (TEA, 1, "basket-full"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_says_why(one: Product, quantity: int, why: str) -> None:
    j = Journey(Settings(max_lines=1 if one is TEA else 40))
    j.shop(MILK) if one is TEA else j.happens(ev.Started)
    j.happens(ev.ProductAdded, one, one.facing, quantity)
    assert notice(j) == why


def test_a_product_in_another_currency_is_not_sold() -> None:
    j = Journey()
    yen = Product(gtin="09521100100519", names={"en": "Yen"}, aisle="dairy", facing=5, price=Money(9, "JPY"))
    j.shop(yen)
    assert (notice(j), j.session.basket) == ("not-sold-here", ())


def test_nothing_cannot_be_paid() -> None:
    j = Journey()
    j.happens(ev.Started)
    j.checkout()
    j.view(views.Wall)
    assert notice(j) == "nothing-to-pay"
    with pytest.raises(BadOrder, match="15 characters"):
        j.checkout("not an order")


def test_a_sale_that_begins_while_the_product_is_in_the_basket_is_given_when_more_is_added() -> None:
    jam = product("09521100100618", "Jam", 300, 6, sale=Sale(eur(250), since=WALL_MS // 1000 + 60))
    j = Journey(Settings(wall_idle_ms=120_000))
    j.shop(jam)
    j.wait(60_000)
    assert j.view(views.Wall).frame.basket_total == eur(300)
    j.happens(ev.ProductAdded, jam, 6)
    assert j.view(views.Wall).frame.basket_total == eur(500)


def test_that_age_is_checked_where_the_goods_are_is_said_before_and_after_paying() -> None:
    beer = product("09521100100618", "Beer", 300, 6, age_min=16)
    rum = product("09521100100717", "Rum", 900, 7, age_min=18)
    j = Journey().shop(MILK)
    assert notice(j) == ""
    j.happens(ev.ProductAdded, beer, 6)
    assert j.view(views.Wall).frame.notice == views.Notice("age-check", ("16",), "info", 1)
    j.happens(ev.CodeScanned, "gtin", rum.gtin, rum, 7)
    j.wait(1_000)
    j.happens(ev.CodeScanned, "gtin", rum.gtin, rum, 7)
    said = j.view(views.ProductDetail).frame.notice
    assert said is not None
    assert (said.key, said.args) == ("age-check", ("18",))
    j.happens(ev.BasketOpened)
    assert j.view(views.Basket).age_min == 18
    j.checkout().happens(ev.MethodChosen, "link")
    j.paid(j.show_qr(), 1329)
    assert j.view(views.Thanks).age_min == 18


# --- codes ----------------------------------------------------------------------------------------------------


def test_a_scanned_product_opens_and_scanned_again_goes_into_the_basket() -> None:
    j = Journey()
    scan = (ev.CodeScanned, "gtin", MILK.gtin, MILK, 1)
    assert ef.RecordScan("gtin", "product", MILK.gtin) in j.happens(*scan)
    assert j.view(views.ProductDetail).quantity == 0
    j.wait(1_000)
    j.happens(*scan)
    assert j.view(views.ProductDetail).quantity == 1
    assert notice(j) == "added"
    j.happens(ev.BasketOpened)
    j.happens(ev.CodeScanned, "digital-link", "HTTPS://...", TEA, 2)
    assert j.view(views.ProductDetail).facing.gtin == TEA.gtin


def test_a_code_that_is_held_there_and_read_again_and_again_is_one_scan() -> None:
    j = Journey()
    for code in (
        "gtin",
        "digital-link",
    ) * 10:  # the two codes of one facing, or one code in two scanners' sight
        j.happens(ev.CodeScanned, code, "", MILK, 1)
        j.wait(j.session.settings.rescan_ms - 1)
    assert j.view(views.ProductDetail).quantity == 0
    assert len(j.did(ef.RecordScan)) == 1
    j.wait(1)
    j.happens(ev.CodeScanned, "gtin", "", MILK, 1)  # taken away and held there again
    assert j.view(views.ProductDetail).quantity == 1
    j.happens(ev.CodeScanned, "gtin", "", TEA, 2)  # another one may come at once
    assert j.view(views.ProductDetail).facing.gtin == TEA.gtin


def test_a_code_nobody_knows_gets_a_plain_notice_and_is_not_kept() -> None:
    j = Journey()
    assert j.happens(ev.CodeScanned, "unknown", "WIFI:S:secret") == (ef.RecordScan("unknown", "unknown"),)
    assert j.view(views.Attract).frame.notice == views.Notice("unknown-code", tone="bad", serial=1)
    j.wait(4_000)
    assert j.view(views.Attract).frame.notice is None


def test_a_code_disturbs_no_payment() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert j.happens(ev.CodeScanned, "gtin", TEA.gtin, TEA, 2) == (ef.RecordScan("gtin", "refused"),)
    assert j.view(views.Pay).reference == reference


# --- nobody touches -------------------------------------------------------------------------------------------


def test_thirty_seconds_without_a_touch_then_ten_of_warning_then_the_next_person() -> None:
    j = Journey()
    j.shop()
    j.wait(29_000)
    assert j.view(views.Wall).frame.idle_seconds is None
    j.wait(1_000)
    assert j.view(views.Wall).frame.idle_seconds == 10
    assert ef.RecordEngagement("reset", "idle") in j.wait(10_000)
    frame = j.view(views.Attract).frame
    assert (frame.basket_count, frame.language, frame.reach) == (0, "en", False)


def test_i_need_more_time_as_often_as_i_like() -> None:
    j = Journey()
    j.shop()
    for _ in range(12):
        j.wait(38_000)
        j.happens(ev.StayAsked)
        assert j.view(views.Wall).frame.idle_seconds is None
    assert j.view(views.Wall).frame.basket_count == 1


def test_any_touch_counts_but_looking_does_not() -> None:
    j = Journey()
    j.happens(ev.Started)
    j.wait(20_000)
    j.happens(ev.Touched)
    j.wait(20_000)
    assert j.view(views.Wall).frame.idle_seconds is None
    j.happens(ev.FacingsSeen, ((1, 500),))
    j.wait(10_000)
    assert j.view(views.Wall).frame.idle_seconds == 10


@pytest.mark.parametrize("method", ["link", "card"])
def test_no_idle_timer_ends_a_payment(method: str) -> None:
    j = Journey(
        Settings(wall_idle_ms=100, choose_idle_ms=100, warn_ms=100, problem_idle_ms=100, thanks_ms=100)
    )
    j.shop().checkout().happens(ev.MethodChosen, method)
    j.happens(ev.CardTapped, "token")
    if method == "link":
        j.show_qr()
    j.wait(59_000)
    assert j.view(views.Pay).frame.idle_seconds is None
    j.paid(ORDER + "0")
    j.view(views.Thanks)


def test_touching_all_the_time_sets_hardly_any_timers() -> None:
    j = Journey()
    j.happens(ev.Started)
    rings = 0
    for _ in range(600):
        j.wait(100)
        before = dict(j.due)
        j.happens(ev.Touched)
        rings += before != j.due
    assert rings == 0


# --- languages and reach --------------------------------------------------------------------------------------


def test_a_language_is_chosen_on_any_screen_and_goes_with_the_person() -> None:
    j = Journey()
    j.happens(ev.LanguageChosen, "zh")
    assert j.view(views.Wall).frame.language == "zh"
    j.happens(ev.ProductOpened, MILK, 1)
    assert j.view(views.ProductDetail).facing.name == "Milk·中"
    reference = j.pay_by_link()
    j.happens(ev.LanguageChosen, "ar")
    assert j.view(views.Pay).frame.language == "ar"
    assert j.view(views.Pay).reference == reference
    j.paid(reference)
    assert j.did(ef.PrintReceipt)[0].language == "ar"
    j.happens(ev.Dismissed)
    assert j.view(views.Attract).frame.language == "en"
    j.happens(ev.LanguageChosen, "tlh")
    assert j.view(views.Attract).frame.language == "en"


def test_reach_mode_goes_with_the_person_too() -> None:
    j = Journey()
    j.happens(ev.ReachChosen, True)
    assert j.view(views.Wall).frame.reach
    j.happens(ev.StartOverAsked)
    assert not j.view(views.Attract).frame.reach


# --- attract loop and impressions -----------------------------------------------------------------------------


def test_the_loop_plays_adverts_and_how_it_works_and_counts_plays() -> None:
    j = Journey()
    slides = []
    for _ in range(7):
        view = j.view(views.Attract)
        slides.append(view.slide)
        j.wait(j.due["slide"] - j.mono_ms)
    assert slides == ["autumn", "tea", "how-it-works", "rice", "autumn", "how-it-works", "tea"]
    assert [(p.advert, p.shown_ms, p.ended) for p in j.did(ef.RecordPlay)] == [
        ("autumn", 8_000, "end"), ("tea", 5_000, "end"), ("rice", 8_000, "end"), ("autumn", 8_000, "end"),
        ("tea", 5_000, "end"),
    ]  # fmt: skip


def test_an_interrupted_advert_counts_as_long_as_it_was_shown_and_the_loop_goes_on_after_it() -> None:
    j = Journey()
    j.wait(2_500)
    [play] = [each for each in j.happens(ev.Started) if isinstance(each, ef.RecordPlay)]
    assert (play.advert, play.shown_ms, play.version, play.ended) == ("autumn", 2_500, "v1", "person")
    j.happens(ev.StartOverAsked)
    assert j.view(views.Attract).slide == "tea"


def test_a_wall_clock_that_jumps_changes_no_duration() -> None:
    j = Journey()
    j.mono_ms += 3_000
    j.take(ev.Started(ev.Stamp(j.mono_ms, 5)))
    [play] = j.did(ef.RecordPlay)
    assert (play.advert, play.shown_ms, play.version) == ("autumn", 3_000, "v1")
    assert play.began_ms > 5  # as the clock said then


def test_without_adverts_the_wall_says_how_it_works() -> None:
    j = Journey(adverts=(), aisles=(), languages=(), methods=())
    j.wait(60_000)
    assert j.view(views.Attract).slide == "how-it-works"
    assert not j.did(ef.RecordPlay)
    j.happens(ev.Started)
    assert j.view(views.Wall).aisle == ""
    j.shop().checkout()
    assert j.view(views.ChooseMethod).methods == ()


def test_impressions_are_gathered_by_aisle_and_minute() -> None:
    j = Journey()
    j.happens(ev.Started)
    minute = j.stamp().wall_ms // 60_000
    j.happens(ev.FacingsSeen, ((1, 700), (2, 300)))
    j.happens(ev.FacingsSeen, ((1, 300), (0, 5), (3, -1), (4, 9_000_000)))
    told = j.happens(ev.AisleOpened, "bakery")
    assert ef.RecordImpressions("dairy", minute, ((1, 2, 1_000), (2, 1, 300), (4, 1, 60_000)), "v1") in told
    j.happens(ev.FacingsSeen, ((9, 100),))
    assert not j.did(ef.RecordImpressions)[1:]
    j.wait(40_000)
    assert j.did(ef.RecordImpressions)[1].aisle == "bakery"
    j.happens(ev.FacingsSeen, ((9, 100),))
    assert j.session.sightings.seen == {}, "nobody is there"


def test_a_flood_of_impressions_stays_bounded() -> None:
    j = Journey()
    j.happens(ev.Started)
    for start in range(1, 5_000, 400):
        j.happens(ev.FacingsSeen, tuple((facing, 100) for facing in range(start, start + 400)))
        assert len(j.session.sightings.seen) < 1_024
    j.happens(ev.StartOverAsked)
    assert len({f for told in j.did(ef.RecordImpressions) for f, _, _ in told.seen}) == 13 * 400


# --- around ---------------------------------------------------------------------------------------------------


def test_somebody_bought_with_a_phone_and_nobody_is_stopped() -> None:
    j = Journey()
    j.shop()
    before = j.view(views.Wall)
    assert j.happens(ev.PhoneSale, ORDER, "K7Q2-9MXT") == ()
    after = j.view(views.Wall)
    assert after.frame.notice == views.Notice("phone-sale", (ORDER[:4],), "good", 1)
    assert (after.aisle, after.frame.basket_count) == (before.aisle, 1)
    j.wait(4_000)
    assert j.view(views.Wall).frame.notice is None


def test_quiet_thanks_wait_for_what_concerns_the_person_at_the_glass() -> None:
    j = Journey()
    j.shop()
    j.happens(ev.CodeScanned, "unknown", "?")
    for number in range(9):
        j.happens(ev.PhoneSale, f"{number}{ORDER[1:]}", "K7Q2-9MXT")
    assert notice(j) == "unknown-code"
    j.wait(4_000)
    assert notice(j) == "phone-sale"
    j.wait(12_000)
    assert notice(j) == "", "three waited, the rest was dropped"


def test_the_wall_closes_when_nobody_pays() -> None:
    j = Journey()
    j.shop()
    j.happens(ev.ServiceClosed, "maintenance", "EC-90")
    closed = j.view(views.Closed)
    assert (closed.reason, closed.code, closed.frame.basket_count) == ("maintenance", "EC-90", 0)
    for event in (ev.Started, ev.Touched, ev.BasketOpened, ev.Dismissed):
        j.happens(event)
    j.view(views.Closed)
    j.happens(ev.LanguageChosen, "zh")
    assert j.view(views.Closed).frame.language == "zh"
    j.wait(40_000)
    assert j.view(views.Closed).frame.language == "en"
    j.happens(ev.ServiceOpened)
    j.view(views.Attract)


def test_a_payment_ends_before_the_wall_closes() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.ServiceClosed, "maintenance")
    assert notice(j) == "closing-soon"
    j.paid(reference)
    j.view(views.Thanks)
    j.wait(25_000)
    j.view(views.Closed)


def test_who_holds_a_card_to_the_reader_pays_before_the_wall_closes() -> None:
    j = Journey()
    j.happens(ev.DeviceChanged, "reader", "ready", "")
    j.shop(MILK).checkout()
    j.happens(ev.MethodChosen, "card")
    assert isinstance(j.session.state, Tapping)
    j.happens(ev.ServiceClosed, "maintenance")
    assert notice(j) == "closing-soon"
    assert isinstance(j.session.state, Tapping)
    assert any(isinstance(each, ef.CreateCharge) for each in j.happens(ev.CardTapped, "token"))
    j.view(views.Pay)


def test_nobody_comes_to_the_reader_and_the_wall_closes() -> None:
    j = Journey()
    j.happens(ev.DeviceChanged, "reader", "ready", "")
    j.shop(MILK).checkout()
    j.happens(ev.MethodChosen, "card")
    j.happens(ev.ServiceClosed, "maintenance")
    j.wait(j.session.settings.tap_ms + 1)
    j.view(views.Closed)


def test_money_that_comes_while_the_wall_is_closed_is_settled() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.ServiceClosed, "maintenance")
    j.wait(300_000)
    j.view(views.Closed)
    assert [type(e) for e in j.paid(reference)] == [ef.RecordSale]
    j.view(views.Closed)


def test_a_new_store_is_adopted_when_nobody_is_buying() -> None:
    j = Journey()
    j.shop()
    j.happens(ev.StoreArrived, store(version="v2", languages=(Language("de", "Deutsch"),)))
    assert not j.did(ef.AdoptStore)
    j.checkout()
    assert j.session.order is not None
    assert j.session.order.version == "v1"
    j.happens(ev.StartOverAsked)
    assert j.did(ef.AdoptStore) == [ef.AdoptStore("v2")]
    assert j.view(views.Attract).frame.language == "de"
    assert j.happens(ev.StoreArrived, store(version="v3"))[-1] == ef.AdoptStore("v3")


def test_devices_cannot_fill_the_memory() -> None:
    j = Journey()
    for number in range(99):
        j.happens(ev.DeviceChanged, f"gadget-{number}", "ready")
    assert len(j.session.devices) == 16


def test_an_untrusted_clock_gives_no_dated_offer() -> None:
    j = Journey()
    j.take(ev.ProductOpened(ev.Stamp(j.mono_ms, j.stamp().wall_ms, trusted=False), RICE, 3))
    assert j.view(views.ProductDetail).facing.price == eur(300)
    j.take(ev.ProductOpened(j.stamp(), RICE, 3))
    assert j.view(views.ProductDetail).facing.price == eur(199)


def test_an_offer_leaves_the_screen_by_itself() -> None:
    j = Journey(Settings(product_idle_ms=900_000))
    j.happens(ev.ProductOpened, RICE, 3)
    assert j.view(views.ProductDetail).facing.was == eur(300)
    j.wait(600_000)
    assert j.view(views.ProductDetail).facing.was is None


@pytest.mark.parametrize("name", ["idle", "slide", "stage", "watch", "notice", "nonsense"])
def test_a_timer_that_rings_at_the_wrong_moment_does_no_harm(name: str) -> None:
    j = Journey()
    for _ in range(2):
        before = present(j.session)
        j.happens(ev.TimerFired, name)
        assert present(j.session) == before
        j.pay_by_link()


def test_whoever_is_paying_reads_no_thanks_that_are_not_theirs() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.PhoneSale, "9XYZ" + ORDER[4:], "K7Q2-9MXT")
    assert j.view(views.Pay).frame.notice is None
    j.happens(ev.FleetLost)
    lost = j.view(views.Pay).frame.notice
    assert lost is not None
    assert lost.key == "connection-lost", "what concerns their own money they do read"
    j.paid(reference)
    j.happens(ev.PhoneSale, "8XYZ" + ORDER[4:], "K7Q2-9MXT")
    assert j.view(views.Thanks).frame.notice in (None, lost)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("gtin", "not-sold-here"),
        ("digital-link", "not-sold-here"),
        ("voucher", "no-vouchers"),
        ("member", "no-members"),
        ("badge", "no-badges"),
        ("url", "foreign-address"),
    ],
)
def test_a_code_of_no_use_here_gets_a_plain_reason(kind: str, words: str) -> None:
    j = Journey()
    j.shop()
    assert ef.RecordScan(kind, "unknown") in j.happens(ev.CodeScanned, kind, "")
    assert notice(j) == words
    assert j.view(views.Wall).frame.basket_count == 1


def test_what_its_merchant_does_not_hand_over_at_the_counter_is_bought_with_a_phone() -> None:
    counter, home = (
        Fulfilment(key=key, kind=kind, names={"en": key}, windows=())
        for key, kind in (("counter", Kind.COUNTER), ("home", Kind.HOME))
    )
    ways = (Merchant(key="roses", names={}, fulfilments=("home",)), Merchant(key="buns", names={}))
    rose = structs.replace(MILK, merchant="roses")
    for options in ((counter, home), (home,)):
        j = Journey(fulfilments=options, merchants=ways)
        j.shop(rose)
        assert [notice.key for notice in j.session.notices] == ["phone-only"]
        assert not j.session.basket
        j.happens(ev.ProductAdded, structs.replace(TEA, merchant="buns"), 2)
        assert len(j.session.basket) == 1
    no_id = structs.replace(counter, checks_age=False)
    assert not Journey(fulfilments=(no_id,)).shop(structs.replace(MILK, age_min=18)).session.basket
