"""UPI and bitcoin links, and codes of WeChat Pay and Alipay that are passed through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.payments.codecs import SCHEMES, BadPayload, alipay, bip21, decode, upi, wechat
from fleet.payments.codecs.bip21 import Bip21
from fleet.payments.codecs.upi import Upi

SHOP = Upi(vpa="nadeem@npci", name="nadeem chinna", amount="10.00", ref="4894398cndhcd23", note="Pay to mystar store", mcc="0000")  # fmt: skip
# NPCI, Common URL specifications, section 2 (its parameters in its own order)
NPCI = (
    "upi://pay?pa=nadeem@npci&pn=nadeem%20chinna&mc=0000&tid=cxnkjcnkjdfdvjndkjfvn&tr=4894398cndhcd23"
    "&tn=Pay%20to%20mystar%20store&am=10&mam=null&cu=INR&url=https://mystar.com/orderid=9298yw89e8973e87389e78923ue892"
)
GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def refused(payload: str) -> tuple[str, int | None]:
    with pytest.raises(BadPayload) as caught:
        decode(payload)
    return caught.value.field, caught.value.position


def test_npci_s_own_sample_is_read() -> None:
    assert upi.parse(NPCI) == SHOP
    assert upi.parse(NPCI.replace("upi://pay", "UPI://PAY").replace("%20", "+").replace("@", "%40")) == SHOP
    assert upi.parse("upi://pay?pa=a@bc&pn= Merchant%20Inc").name == " Merchant Inc"


def test_an_upi_link_is_written_with_a_literal_at_and_percent_20() -> None:
    assert upi.build(SHOP) == (
        "upi://pay?pa=nadeem@npci&pn=nadeem%20chinna&am=10.00&cu=INR&tr=4894398cndhcd23&mc=0000&tn=Pay%20to%20mystar%20store"
    )
    assert (
        upi.build(Upi(vpa="a.b-c@bc", name="A+B & ü"))
        == "upi://pay?pa=a.b-c@bc&pn=A%2BB%20%26%20%C3%BC&cu=INR"
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vpa": "nadeem"}, "vpa"),
        ({"vpa": "na deem@npci"}, "vpa"),
        ({"name": ""}, "name"),
        ({"name": "a\u2028b"}, "name"),
        ({"amount": "1e2"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"ref": "x" * 36}, "ref"),
        ({"ref": "a b"}, "ref"),
        ({"note": "x" * 81}, "note"),
        ({"mcc": "541"}, "mcc"),
    ],
)
def test_a_wrong_field_of_an_upi_link_is_named(change: dict[str, str], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        upi.build(replace(SHOP, **change))
    assert caught.value.field == field


def test_a_wrong_upi_link_is_refused_with_its_place() -> None:
    assert refused("upi://mandate?pa=a@bc") == ("payload", 0)
    assert refused("upi://pay?pn=x") == ("vpa", None)
    assert refused("upi://pay?pa=a@bc&pn=x&pa=b@cd") == ("pa", 23)
    assert refused("upi://pay?pa=a@bc&pn=x&cu=USD") == ("cu", 26)
    assert refused("upi://pay?pa=a@bc&pn=x%2") == ("pn", 22)
    assert refused("upi://pay?pa=a@bc&pn=%FF") == ("pn", 21)
    assert refused("upi://pay?pa=a@bc&pn") == ("parameters", 18)


@pytest.mark.parametrize(
    "address",
    [
        GENESIS, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", SEGWIT, SEGWIT.upper(),
        # BIP-350, test vectors: every kind of witness version and length
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "BC1SW50QGDZ25J",
        "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
)  # fmt: skip
def test_addresses_of_the_main_network(address: str) -> None:
    assert bip21.parse(bip21.build(Bip21(address=address))) == Bip21(address=address)


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        (GENESIS[:-1] + "b", "checksum"),
        (
            GENESIS.replace("SL", "LS"),
            "checksum",
        ),  # of BIP-21's own examples: nobody can be paid there
        ("1" + GENESIS, "version 0 or 5"),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "main network"),
        ("", "main network"),
        (SEGWIT.replace("bc1q", "tb1q"), "main network"),
        (SEGWIT[:-1] + "5", "checksum"),
        (SEGWIT[:-1] + "T", "upper or all lower"),
        # BIP-350, invalid addresses
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "bech32m for all others"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "bech32 for witness version 0"),
        ("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "'o' is none of"),
        ("BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "0 to 16"),
        ("bc1pw5dgrnzv", "2 to 40 bytes"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav", "2 to 40 bytes"),
        ("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "20 or 32"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "2 to 40 bytes"),
        ("bc1gmk9yu", "0 to 16"),
        ("bc1q" + "q" * 100, "at most 90"),
    ],
)
def test_addresses_that_are_none(address: str, rule: str) -> None:
    with pytest.raises(BadPayload, match=rule) as caught:
        bip21.build(Bip21(address=address))
    assert caught.value.field == "address"


def test_a_bitcoin_link_follows_the_bip_s_examples() -> None:
    assert bip21.build(Bip21(address=GENESIS)) == f"bitcoin:{GENESIS}"
    link = Bip21(address=GENESIS, amount="50", label="Luke-Jr", message="Donation for project xyz")
    payload = f"bitcoin:{GENESIS}?amount=50&label=Luke-Jr&message=Donation%20for%20project%20xyz"
    assert bip21.build(link) == payload
    assert bip21.parse(payload) == link
    assert bip21.parse(payload.replace("amount=50", "amount=50.000")) == link
    assert bip21.build(replace(link, amount="20.30000000")).startswith(f"bitcoin:{GENESIS}?amount=20.3&")
    assert bip21.build(Bip21(address=GENESIS, amount="0.00000001")).endswith("amount=0.00000001")
    assert bip21.parse(f"BITCOIN:{GENESIS}?somethingyoudontunderstand=50&label=a+b").label == "a+b"


def test_a_wrong_bitcoin_link_is_refused_with_its_place() -> None:
    start = len(f"bitcoin:{GENESIS}?")
    assert refused(f"bitcoin:{GENESIS}?req-somethingyoudontunderstand=50&req-other=1") == (
        "parameters",
        start + 31,
    )
    assert refused(f"bitcoin:{GENESIS}?amount=0.000000001") == ("amount", start + 7)
    assert refused(f"bitcoin:{GENESIS}?amount=21000001") == ("amount", start + 7)
    assert refused(f"bitcoin:{GENESIS}?amount=1&amount=2") == ("amount", start + 9)
    assert refused(f"bitcoin:{GENESIS}?amount=1,5") == ("amount", start + 7)
    assert refused(f"bitcoin:{GENESIS}?label=%zz") == ("label", start + 6)
    assert refused(f"bitcoin:{GENESIS[:-1]}?amount=1")[0] == "address"


def test_codes_of_wechat_pay_and_alipay_pass_as_they_are() -> None:
    for code in (
        "weixin://wxpay/bizpayurl?pr=p4lpSuKzz",
        "weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00",
    ):
        scheme, found = decode(code)
        assert (scheme.key, found) == ("wechat", {"code_url": code})
        assert wechat.build(wechat.WeChat(code_url=code)) == code
    for code in (
        "https://qr.alipay.com/bax03206ug0kulveltqc80a8",
        "HTTPS://QR.ALIPAY.COM/FKX03206UG0KULVELTQC80",
    ):
        scheme, found = decode(code)
        assert (scheme.key, found) == ("alipay", {"qr_code": code})
        assert alipay.build(alipay.Alipay(qr_code=code)) == code


@pytest.mark.parametrize(
    "code",
    [
        "weixin://wxpay/bizpayurl?appid=wx1&mch_id=1&sign=F",
        "weixin://wxpay/bizpayurl?pr=",
        "weixin://wxpay/bizpayurl?pr=abcd efgh",
        "weixin://wxpay/bizpayurl?pr=abcd\n",
        "weixin://wxpay/bizpayurl?pr=" + "a" * 600,
        "https://qr.alipay.com/",
        "https://qr.alipay.com/short",
        "https://qr.alipay.com/../../evil",
        "https://qr.alipay.com/bax03206ug0kulveltqc80a8\n",
        "https://qr.alipay.com.evil.example/bax03206ug0kulveltqc80a8",
        "https://qr.alipay.com/" + "a" * 300,
    ],
)
def test_codes_that_only_look_like_theirs_are_refused(code: str) -> None:
    with pytest.raises(BadPayload):
        decode(code)


def test_pass_through_codes_say_that_the_amount_is_not_theirs() -> None:
    for key in ("wechat", "alipay"):
        scheme = SCHEMES[key]
        assert not scheme.amount_in_code
        assert scheme.asks(scheme.from_json(dict(scheme.example))) is None
    scheme = SCHEMES["upi"]
    assert scheme.asks(SHOP) == ("10.00", "INR")


def test_the_bip_s_own_examples_are_met_although_their_address_has_a_wrong_checksum() -> None:
    whole = "bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W"
    address = whole.removeprefix("bitcoin:")
    for link, payload in (
        (Bip21(address=address), whole),
        (Bip21(address=address, label="Luke-Jr"), f"{whole}?label=Luke-Jr"),
        (Bip21(address=address, amount="20.3", label="Luke-Jr"), f"{whole}?amount=20.3&label=Luke-Jr"),
        (
            Bip21(address=address, amount="50", label="Luke-Jr", message="Donation for project xyz"),
            f"{whole}?amount=50&label=Luke-Jr&message=Donation%20for%20project%20xyz",
        ),
    ):
        assert bip21.build(link) == payload
        assert bip21.parse(payload) == link
    assert (
        bip21.parse(f"{whole}?somethingyoudontunderstand=50&somethingelseyoudontget=999").address == address
    )
    assert (
        refused(f"{whole}?req-somethingyoudontunderstand=50&req-somethingelseyoudontget=999")[0]
        == "parameters"
    )
