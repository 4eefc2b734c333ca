"""What the fleet lets a kiosk offer: in its order, without disturbing who pays, and nothing that cannot be used."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from content.links import Attribution, advert_hash, day_of, parse, read, release_hash
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.facings import SIGNED_MS, UNSURE_MS, facing_of, fresh_ms
from kiosk.core.settings import Place
from kiosk.core.terms import Terms, links_of, offered, sound

from .journeys import MILK, RICE, TEA, WALL_MS, Journey, store

KEY = "ab" * 32
ALL = ("link", "promptpay", "wechat", "card")
NOW = WALL_MS // 1000


def keys(kid: int) -> bytes | None:
    return bytes.fromhex(KEY) if kid == 3 else None


def shown(j: Journey) -> tuple[str, ...]:
    return j.view(views.ChooseMethod).methods


def off(j: Journey) -> dict[str, str]:
    return dict(j.view(views.ChooseMethod).off)


# --- what is offered --------------------------------------------------------------------------------------------


def test_without_terms_everything_of_the_store_is_offered_and_with_them_what_both_list_in_their_order() -> (
    None
):
    shop = store(methods=ALL)
    assert offered(shop, None) == ALL
    terms = Terms(methods=("card", "swiss", "wechat"))
    assert offered(shop, terms) == ("card", "wechat")
    assert offered(shop, Terms(methods=())) == ()


def test_terms_change_what_the_next_one_may_choose() -> None:
    j = Journey(methods=ALL)
    j.happens(ev.TermsArrived, Terms(methods=("card", "promptpay")))
    j.shop().checkout()
    assert shown(j) == ("card", "promptpay")
    j.happens(ev.MethodChosen, "link")
    assert j.view(views.ChooseMethod).frame.notice is not None, "not offered any more"
    assert not j.did(ef.CreateCharge)


def test_whoever_is_choosing_keeps_the_places_and_hears_what_went() -> None:
    j = Journey(methods=ALL)
    j.shop().checkout()
    j.happens(ev.TermsArrived, Terms(methods=("wechat", "link")))
    assert shown(j) == ALL, "a card that moves under a finger is another method"
    assert off(j) == {"promptpay": "method-off", "card": "method-off"}
    j.happens(ev.WentBack)
    j.checkout()
    assert shown(j) == ("wechat", "link")


def test_whoever_is_paying_notices_nothing() -> None:
    j = Journey(methods=ALL)
    reference = j.pay_by_link()
    before = j.view(views.Pay)
    assert j.happens(ev.TermsArrived, Terms(methods=("card",))) == ()
    assert j.view(views.Pay) == before
    j.paid(reference)
    j.view(views.Thanks)


def test_a_new_store_is_offered_under_the_same_terms() -> None:
    j = Journey(methods=ALL)
    j.happens(ev.TermsArrived, Terms(methods=("wechat", "epc")))
    j.happens(ev.StoreArrived, store(methods=("epc", "link"), version="v2"))
    j.shop().checkout()
    assert shown(j) == ("epc",)


def test_where_nothing_may_be_offered_there_is_still_a_way_back() -> None:
    j = Journey(methods=ALL)
    j.happens(ev.TermsArrived, Terms(methods=("swiss",)))
    j.shop().checkout()
    assert shown(j) == ()
    j.happens(ev.WentBack)
    assert j.view(views.Basket).lines


# --- links ------------------------------------------------------------------------------------------------------


def test_links_are_signed_for_their_place_and_counted_by_whoever_holds_the_key() -> None:
    links = links_of("https://shop.example", "K1", Terms(methods=(), link_key=KEY, link_kid=3), "v1")
    link = parse(links.product(17, MILK.gtin, NOW))
    assert link is not None
    spot = read(link.kiosk, link.spot, keys, day_of(NOW))
    assert spot is not None
    assert (spot.facing, spot.attribution) == (17, Attribution.SIGNED)
    assert spot.token is not None
    assert spot.token.release == release_hash("v1")
    over = read(link.kiosk, link.spot, keys, day_of(NOW) + 3)
    assert over is not None
    assert over.attribution is Attribution.EXPIRED


def test_the_links_of_whoever_an_advert_brought_say_so_until_they_leave() -> None:
    j = Journey()
    j.happens(ev.TermsArrived, Terms(methods=("card",), link_key=KEY, link_kid=3))

    def brought_by() -> int:
        link = parse(j.view(views.ProductDetail).facing.qr)
        assert link is not None
        spot = read(link.kiosk, link.spot, keys, 0)
        assert spot is not None
        assert spot.token is not None
        return spot.token.advert

    j.happens(ev.Started, "tea", TEA)
    assert brought_by() == advert_hash("tea") > 0
    j.happens(ev.StartOverAsked)
    j.happens(ev.Started)
    j.happens(ev.ProductOpened, TEA, TEA.facing)
    assert brought_by() == 0


def test_a_clock_nobody_has_set_signs_nothing() -> None:
    links = links_of("https://shop.example", "K1", Terms(methods=(), link_key=KEY), "v1")
    assert links.product(17, MILK.gtin, None) == f"HTTPS://SHOP.EXAMPLE/K1/17/01/{MILK.gtin}"
    assert links.product(17, MILK.gtin, 0) == links.product(17, MILK.gtin, None), "1970 is no day of ours"


def test_the_shelf_carries_signed_links_and_fetches_them_anew_before_they_end() -> None:
    place = Place(kiosk="K1")
    terms = Terms(methods=(), link_base="https://id.example", link_key=KEY, link_kid=3)
    links = links_of(place.host, place.kiosk, terms, "v1")
    facing = facing_of(TEA, "en", NOW, place, links)
    assert facing.qr.startswith("HTTPS://ID.EXAMPLE/K1/2-")
    assert facing.qr.endswith(f"/01/{TEA.gtin}")
    assert facing_of(TEA, "en", NOW, place).qr == f"HTTPS://SHOP.EXAMPLE/K1/2/01/{TEA.gtin}"
    assert fresh_ms([TEA], WALL_MS, trusted=True) == 0
    assert fresh_ms([TEA], WALL_MS, trusted=True, signed=True) == SIGNED_MS
    assert fresh_ms([TEA], WALL_MS, trusted=False, signed=True) == UNSURE_MS
    assert fresh_ms([RICE], WALL_MS, trusted=True, signed=True) <= SIGNED_MS


@given(
    st.builds(
        Terms,
        methods=st.lists(st.text(), max_size=5).map(tuple),
        domain=st.text(),
        link_base=st.text() | st.just("https://x.example/a"),
        link_key=st.text() | st.just(KEY),
        link_kid=st.integers(),
    )
)
def test_no_terms_whatever_they_say_can_break_a_link(terms: Terms) -> None:
    links = links_of("https://shop.example", "K1", sound(terms), "v1")
    link = parse(links.product(1, MILK.gtin, NOW))
    assert link is not None
    assert link.value == MILK.gtin
