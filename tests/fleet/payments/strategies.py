"""What every scheme can say, as hypothesis strategies of its fields: each value in the form reading gives it back."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from fleet.payments.codecs import SCHEMES, bech32, bip21, epc, fields, swiss
from fleet.payments.codecs.bank_ids import make_rf, mod97
from fleet.payments.codecs.bip21 import Bip21
from fleet.payments.codecs.bolt11 import Bolt11
from fleet.payments.codecs.epc import Epc
from fleet.payments.codecs.swiss import Address, Swiss
from fleet.payments.codecs.upi import Upi

Texts = st.SearchStrategy[str]
PRINTED = st.characters(categories=("L", "M", "N", "P", "S"), include_characters=" ")
DIGITS, CAPITALS, ALNUM = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "abcXYZ0189"


def text(longest: int, shortest: int = 0, alphabet: Any = PRINTED) -> Texts:
    return st.text(alphabet, min_size=shortest, max_size=longest)


def amounts(most: int, places: int = 2) -> st.SearchStrategy[str | None]:
    """None, or a decimal string with all places."""
    return st.none() | st.integers(1, most).map(lambda minor: fields.decimal(minor, places))


def iban(country: str, bban: str) -> str:
    return f"{country}{98 - mod97(f'{country}00{bban}'):02}{bban}"


RF = text(21, 1, CAPITALS).map(make_rf)
PHONES = st.from_regex(r"\+[1-9][0-9]{7,13}", fullmatch=True)
PIX_KEYS = (
    st.uuids().map(str) | PHONES | st.sampled_from(["52998224725", "11444777000161", "pix@loja.example"])
)


def _of(scheme: str, /, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(SCHEMES[scheme].fields, **values)


def _paynow(fields_: dict[str, Any]) -> Any:
    if fields_["amount"] is None:
        fields_["editable"] = False  # without an amount there is nothing to edit
    return SCHEMES["paynow-uen"].fields(**fields_)


def _khqr(fields_: dict[str, Any]) -> Any:
    usd = fields_.pop("minor")
    fields_["amount"] = usd and fields.decimal(usd, 2 if fields_["currency"] == "USD" else 0)
    return SCHEMES["khqr"].fields(**fields_)


def _unusual(fields_: dict[str, Any], key: str) -> Any:
    """`initiation` is written down only where it is not the usual one."""
    usual = "11" if fields_["amount"] is None else "12"
    return SCHEMES[key].fields(
        **(fields_ | {"initiation": {usual: ""}.get(fields_["initiation"], fields_["initiation"])})
    )


EXPIRIES = st.dates(date(2000, 1, 1)).flatmap(
    lambda day: st.sampled_from(["", f"{day:%Y%m%d}", f"{day:%Y%m%d}000000", f"{day:%Y%m%d}235959"])
)
MILLISECONDS = st.integers(10**12, 2 * 10**12)

EMV: dict[str, st.SearchStrategy[Any]] = {
    "pix-static": _of(
        "pix-static", key=PIX_KEYS, name=text(25, 1), city=text(15, 1), amount=amounts(10**12 - 1),
        txid=text(25, alphabet=ALNUM), text=text(20),
    ),
    "pix-dynamic": _of(
        "pix-dynamic", url=text(40, 1, ALNUM + "/-_.?=").map(lambda path: f"pix.example.com/{path}"), name=text(25, 1),
        city=text(15, 1), txid=text(25, alphabet=ALNUM),
    ),
    "promptpay-anyid": _of(
        "promptpay-anyid", amount=amounts(10**12 - 1),
        target=st.from_regex("0[1-9][0-9]{8}|[0-9]{13}|[0-9]{15}", fullmatch=True),
    ),
    "promptpay-bill": _of(
        "promptpay-bill", biller_id=text(15, 15, DIGITS), ref1=text(20, 1, CAPITALS), ref2=text(20, alphabet=CAPITALS),
        ref3=text(25), amount=amounts(10**12 - 1),
    ),
    "paynow-uen": st.fixed_dictionaries({
        "uen": text(13, 9, CAPITALS), "amount": amounts(10**12 - 1), "editable": st.booleans(), "expiry": EXPIRIES,
        "reference": text(25), "company": text(25).filter(lambda name: name != "NA"),
    }).map(_paynow),
    "vietqr": _of(
        "vietqr", bin=text(6, 6, DIGITS), account=text(19, 1, ALNUM), amount=amounts(10**13 - 1, 0), purpose=text(25),
    ),
    "duitnow": st.fixed_dictionaries({
        "acquirer": text(6, 6, DIGITS), "merchant_id": text(28, 1, ALNUM), "name": text(25, 1), "city": text(15, 1),
        "amount": amounts(10**12 - 1), "mcc": text(4, 4, DIGITS), "postal": st.sampled_from(["", "50450"]),
        "ref": text(25), "store": text(10), "rrn": text(20), "integrity": text(99),
        "initiation": st.sampled_from(["", "11", "12"]),
    }).map(lambda found: _unusual(found, "duitnow")),
    "khqr": st.fixed_dictionaries({
        "account": text(15, 1, ALNUM).map(lambda name: f"{name}@devb"), "name": text(25, 1), "city": text(15, 1),
        "merchant": st.booleans(), "account_info": text(20), "bank": text(20), "currency": st.sampled_from(["KHR", "USD"]),
        "minor": st.none() | st.integers(1, 10**12 - 1), "bill": text(25), "mobile": text(12), "purpose": text(12),
        "language": text(2), "name_local": text(25), "created": MILLISECONDS.map(str),
        "expires": MILLISECONDS.map(lambda at: str(at + 10**12)),
    }).map(_khqr),
    "emvco": st.fixed_dictionaries({
        "guid": text(20, 1, ALNUM + "."), "mai_tag": st.integers(26, 51).map(str), "mcc": text(4, 4, DIGITS),
        "sub": st.dictionaries(st.integers(1, 99).map("{:02}".format), text(9, 1), max_size=5),
        "currency": st.sampled_from(["978", "702", "764"]), "amount": amounts(10**12 - 1), "country": text(2, 2, "FIDE"),
        "name": text(25, 1), "city": text(15, 1), "postal": text(10), "bill": text(20), "ref": text(20),
        "terminal": text(20), "initiation": st.sampled_from(["", "11", "12", "-"]),
        "more": st.fixed_dictionaries({}, optional={"02": text(9, 1), "55": text(2, 1), "62.03": text(9, 1), "64.00": text(2, 1)}),
    }).map(lambda found: _unusual(found, "emvco")),
}  # fmt: skip


@st.composite
def _epc(draw: st.DrawFn) -> Epc:
    """Only what the charset has, and no more than fits into 331 bytes of it."""
    encoding = draw(st.sampled_from(sorted(epc.CHARSETS)))
    charset = epc.CHARSETS[encoding]
    plain = (
        PRINTED
        if encoding == 1
        else st.characters(codec=charset, categories=("L", "N", "P", "S"), include_characters=" ")
    )
    version = draw(st.sampled_from(["001", "002"]))
    reference = draw(st.just("") | RF)
    return Epc(
        name=draw(text(20, 1, plain)), iban=draw(st.sampled_from(["DE71110220330123456789", "BE72000000001616"])),
        bic=draw(st.sampled_from(["BPOTBEB1", "BHBLDEHHXXX"] + [""] * (version == "002"))), amount=draw(amounts(epc.MOST)),
        purpose=draw(text(4, alphabet=CAPITALS)), reference=reference, text="" if reference else draw(text(20, alphabet=plain)),
        information=draw(text(10, alphabet=plain)), version=version, encoding=encoding,
    )  # fmt: skip


LATIN = st.characters(
    min_codepoint=32, max_codepoint=0x17F, categories=("L", "N", "P", "S"), include_characters=" €șȚ"
)
ADDRESSES = st.builds(
    Address, name=text(70, 1, LATIN), street=text(70, alphabet=LATIN), house_num=text(16, alphabet=LATIN),
    pcode=text(16, 1, LATIN), city=text(35, 1, LATIN), country=text(2, 2, "CHLID"),
)  # fmt: skip


@st.composite
def _swiss(draw: st.DrawFn) -> Swiss:
    """A QR-IBAN with a QR reference, or any other account without."""
    qr = draw(st.booleans())
    bank = draw(st.integers(30000, 31999) if qr else st.integers(0, 29999))
    billing = draw(st.just("") | text(60, alphabet=LATIN).map(lambda said: f"//{said}"))
    return Swiss(
        account=iban(draw(st.sampled_from(["CH", "LI"])), f"{bank:05}{draw(text(12, 12, CAPITALS))}"),
        creditor=draw(ADDRESSES), debtor=draw(st.none() | ADDRESSES), amount=draw(amounts(swiss.MOST)),
        currency=draw(st.sampled_from(["CHF", "EUR"])), billing_information=billing,
        reference_number=draw(text(26, 1, DIGITS).map(swiss.make_qr)) if qr else draw(st.just("") | RF),
        additional_information=draw(text(70, alphabet=LATIN)),
        alt_procs=draw(st.lists(text(100, 1, LATIN), max_size=2).map(tuple)),
    )  # fmt: skip


def base58(raw: bytes) -> str:
    body = raw + sha256(sha256(raw).digest()).digest()[:4]
    number, found = int.from_bytes(body, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        found = bip21._BASE58[rest] + found
    return "1" * (len(body) - len(body.lstrip(b"\0"))) + found


def fives(raw: bytes) -> list[int]:
    """Bytes as 5-bit values, zeros behind."""
    spare = -len(raw) * 8 % 5
    total = int.from_bytes(raw, "big") << spare
    return [total >> shift & 31 for shift in range(len(raw) * 8 + spare - 5, -1, -5)]


def segwit(version: int, program: bytes) -> str:
    return bech32.write("bc", [version, *fives(program)], bech32.BECH32M if version else bech32.BECH32)


@st.composite
def _bolt11(draw: st.DrawFn) -> Bolt11:
    """An invoice of its fields; nobody's signature, which the codec says it does not check."""
    count, unit = draw(st.integers(1, 10**6)), draw(st.sampled_from("munp"))
    millisatoshi = count * {"m": 10**8, "u": 10**5, "n": 100, "p": 1}[unit]
    paid_by, description = draw(st.binary(min_size=32, max_size=32)), draw(st.text(max_size=100))
    expiry, timestamp = draw(st.integers(1, 2**30 - 1)), draw(st.integers(0, 2**35 - 1))
    amount = draw(st.booleans())
    body = [timestamp >> shift & 31 for shift in range(30, -1, -5)]
    said = fives(description.encode(errors="replace"))
    due = [expiry >> shift & 31 for shift in range(25, -1, -5)]
    for tag, data in draw(
        st.permutations([("p", fives(paid_by)), ("d", said), ("x", due), ("q", [1, 2, 3])])
    ):
        body += [bech32.CHARSET.index(tag), len(data) >> 5, len(data) & 31, *data]
    body += draw(st.lists(st.integers(0, 31), min_size=104, max_size=104))
    prefix = f"lnbc{count}{'0' if unit == 'p' else ''}{unit}" if amount else "lnbc"
    return Bolt11(
        invoice=bech32.write(prefix, body, bech32.BECH32).upper(), payment_hash=paid_by.hex(), timestamp=timestamp,
        description=description.encode(errors="replace").decode(), expiry=expiry,
        amount=fields.shortest(fields.decimal(millisatoshi, 11)) if amount else None,
    )  # fmt: skip


TEXTS: dict[str, st.SearchStrategy[Any]] = {
    "epc": _epc(),
    "swiss": _swiss(),
    "upi": st.builds(
        Upi, vpa=st.from_regex(r"[A-Za-z0-9._-]{1,30}@[A-Za-z][A-Za-z0-9]{1,10}", fullmatch=True), name=text(99, 1),
        amount=amounts(99_999_999_999), ref=text(35, alphabet=ALNUM + "._-"), note=text(80), mcc=st.sampled_from(["", "5411"]),
    ),
    "bip21": st.builds(
        Bip21, label=text(40), message=text(60),
        amount=st.none() | amounts(bip21.MOST, 8).map(lambda amount: amount and fields.shortest(amount)),
        address=st.builds(base58, st.builds(bytes.__add__, st.sampled_from([b"\0", b"\5"]), st.binary(min_size=20, max_size=20)))
        | st.builds(segwit, st.just(0), st.sampled_from([20, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
        | st.builds(segwit, st.integers(1, 16), st.binary(min_size=2, max_size=40)),
    ),
    "bolt11": _bolt11(),
    "wechat": st.builds(
        SCHEMES["wechat"].fields, code_url=text(60, 4, ALNUM + "_-").map("weixin://wxpay/bizpayurl?pr={}".format),
    ),
    "alipay": st.builds(
        SCHEMES["alipay"].fields, qr_code=text(64, 8, ALNUM).map("https://qr.alipay.com/{}".format),
    ),
}  # fmt: skip

STRATEGIES: dict[str, st.SearchStrategy[Any]] = EMV | TEXTS
