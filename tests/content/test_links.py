"""Links of a wall: written small, read in any case, signed for one place and one time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.links import (
    KIDS,
    LAST_DAY,
    MAX_FACING,
    TOKEN_LENGTH,
    Attribution,
    BadLink,
    Spot,
    Token,
    advert_hash,
    basket_link,
    day_of,
    link_key,
    parse,
    product_link,
    read,
    release_hash,
    sign,
    split_spot,
    spot_text,
)
from content.references import CROCKFORD

MASTER = bytes(range(32))
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004 table 5
names = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=32)
facings = st.integers(0, MAX_FACING)
tokens = st.builds(
    Token,
    kid=st.integers(0, KIDS - 1),
    day=st.integers(0, LAST_DAY),
    release=st.integers(0, 4095),
    advert=st.integers(0, 2047),
)


def seen(kiosk: str, spot: str, today: int = 0, address: str = "t/s/k") -> Spot:
    found = read(kiosk, spot, lambda kid: link_key(MASTER, kid, address), today)
    assert found is not None
    return found


@given(names, facings, tokens)
def test_what_was_signed_is_read_back_in_any_case(kiosk: str, facing: int, token: Token) -> None:
    text = sign(link_key(MASTER, token.kid, "t/s/k"), kiosk, facing, token)
    assert len(text) == TOKEN_LENGTH
    assert set(text) <= set(CROCKFORD)
    for name, spot in ((kiosk, f"{facing}-{text}"), (kiosk.swapcase(), f"{facing}-{text.lower()}")):
        found = seen(name, spot)
        assert (found.facing, found.attribution, found.token) == (facing, Attribution.SIGNED, token)
        assert found.counts


@given(names, facings, tokens, st.integers(0, TOKEN_LENGTH - 1), st.sampled_from(CROCKFORD))
def test_a_changed_character_is_tampered(
    kiosk: str, facing: int, token: Token, place: int, char: str
) -> None:
    text = sign(link_key(MASTER, token.kid, "t/s/k"), kiosk, facing, token)
    changed = text[:place] + char + text[place + 1 :]
    found = seen(kiosk, f"{facing}-{changed}")
    assert (found.attribution is Attribution.SIGNED) == (changed == text)
    assert (found.token is None) == (changed != text)


@given(facings, facings, tokens)
def test_a_token_counts_at_its_own_place_only(facing: int, other: int, token: Token) -> None:
    text = sign(link_key(MASTER, token.kid, "t/s/k"), "K1", facing, token)
    assert seen("K1", f"{other}-{text}").counts == (other == facing)
    assert seen("K2", f"{facing}-{text}").attribution is Attribution.TAMPERED
    assert seen("K1", f"{facing}-{text}", address="t/s/k2").attribution is Attribution.TAMPERED


@given(tokens, st.integers(0, LAST_DAY + 10))
def test_a_token_is_over_after_its_last_day(token: Token, today: int) -> None:
    text = sign(link_key(MASTER, token.kid, "t/s/k"), "K1", 17, token)
    found = seen("K1", f"17-{text}", today)
    assert found.attribution is (Attribution.SIGNED if today <= token.day else Attribution.EXPIRED)
    assert found.token == token, "an operator may want to know what was scanned so late"


def test_a_key_id_that_is_not_in_use_proves_nothing() -> None:
    text = sign(link_key(MASTER, 3, "t/s/k"), "K1", 17, Token(kid=3, day=1))
    found = read("K1", f"17-{text}", lambda kid: None, 0)
    assert found is not None
    assert found.attribution is Attribution.TAMPERED


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_from_the_street_raises(kiosk: str, spot: str) -> None:
    found = read(kiosk, spot, lambda kid: link_key(MASTER, kid, "t/s/k"), 0)
    assert found is None or not found.counts
    parse(kiosk + spot)


def test_what_people_write_for_a_digit_is_read_as_one() -> None:
    text = sign(link_key(MASTER, 0, "t/s/k"), "K1", 17, Token(kid=0, day=0))
    assert seen("K1", f"17-{text.replace('0', 'O').replace('1', 'l')}").counts


@given(names, facings, tokens)
def test_a_link_is_upper_case_and_fits_the_small_mode_of_qr_codes(
    kiosk: str, facing: int, token: Token
) -> None:
    text = sign(link_key(MASTER, token.kid, "t/s/k"), kiosk, facing, token)
    link = product_link("https://shop.example:8080", kiosk, facing, "09521100100113", text)
    assert set(link) <= ALPHANUMERIC | {"_"}
    for written in (link, link.lower(), link + "?lang=de", link.partition("8080")[2], link + "/10/LOT7"):
        found = parse(written)
        assert found is not None
        assert (found.kind, found.value) == ("01", "09521100100113")
        assert found.kiosk.lower() == kiosk.lower()
        assert split_spot(found.spot) == (facing, text)


def test_a_basket_is_always_a_walls() -> None:
    link = basket_link("https://shop.example", "k1", "123456")
    assert link == "HTTPS://SHOP.EXAMPLE/K1/0/B/123456"
    found = parse(link.lower())
    assert found is not None
    assert (found.kind, found.value, found.kiosk, found.spot) == ("B", "123456", "k1", "0")
    assert parse("https://shop.example/b/123456") is None
    with pytest.raises(BadLink, match="expected digits"):
        basket_link("https://shop.example", "k1", "12a")


@pytest.mark.parametrize(
    ("text", "kiosk"),
    [
        ("https://brand.example/01/09521100100113", ""),
        ("https://brand.example/17/01/09521100100113", ""),
        ("https://brand.example/some/shop/01/09521100100113/22/2A?3103=000189", ""),
        ("/gtin/9521100100113", ""),
        ("/k1/17/01/9521100100113", "k1"),
    ],
)
def test_links_of_others_have_no_wall(text: str, kiosk: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.kiosk == kiosk


@pytest.mark.parametrize(
    "text",
    ["", "https://x.example/", "/01/", "/01/abc", "/k1/17/02/1234", "/01/1234x", "é/01/1234", "/" * 3000],
)
def test_what_is_no_link_is_none(text: str) -> None:
    assert parse(text) is None


def test_hashes_keep_zero_for_nothing_known() -> None:
    assert (release_hash(""), advert_hash("")) == (0, 0)
    assert all(0 < release_hash(f"v{n}") < 4096 and 0 < advert_hash(f"a{n}") < 2048 for n in range(5000))


def test_days_are_counted_from_2024() -> None:
    assert (day_of(1_704_067_199), day_of(1_704_067_200), day_of(1_704_153_600)) == (-1, 0, 1)


@pytest.mark.parametrize(
    "token",
    [Token(kid=16, day=0), Token(kid=0, day=-1), Token(kid=0, day=8192), Token(kid=0, day=0, advert=2048)],
)
def test_what_does_not_fit_is_refused_by_name(token: Token) -> None:
    with pytest.raises(BadLink, match=r"(kid|day|advert) -?\d+: expected 0 to \d+"):
        sign(MASTER, "K1", 17, token)
    with pytest.raises(BadLink, match="facing -1: expected 0 to"):
        spot_text(-1)
    with pytest.raises(BadLink, match="key id 16"):
        link_key(MASTER, 16, "t/s/k")
