"""The contract, fixed in files: tests/mqtt/golden holds one JSON document per message, as an old kiosk would send it.

A change that breaks one of them breaks kiosks in the field: it needs a new topic root, not a new golden file.
"""

from __future__ import annotations

import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqtt import messages
from mqtt.messages import (
    Ack,
    AdvertPlayed,
    BadMessage,
    Batch,
    CancelWanted,
    ChargeState,
    ChargeWanted,
    CodeState,
    CodeWanted,
    Engaged,
    FacingsSeen,
    Gap,
    Health,
    KioskEvent,
    Line,
    Message,
    PhoneSale,
    Presence,
    RefundCharge,
    RefundWanted,
    Request,
    SaleMade,
    Scanned,
    StatusWanted,
    Terms,
    decode,
    decode_answer,
    encode,
)

GOLDEN = Path(__file__).parent / "golden"
MILK = Line(
    gtin="04006381333931", name="Vollmilch 3,5 %", quantity=2, price_minor=129, total_minor=229, facing=17
)
ORDER, REFERENCE = "7K3Q9D2M5XVA8PB", "7K3Q9D2M5XVA8PB1"


def place(seq: int) -> dict[str, typing.Any]:
    return {
        "epoch": "9f2c41d07be3", "seq": seq, "wall_ms": 1795348800123, "mono_ms": 86400123,
        "boot": "3f6d2a9c-8f0e-4f57-9a55-1f1f7f6a4c11", "clock": "synced",
    }  # fmt: skip


SALE = SaleMade(
    **place(1), order=ORDER, reference=REFERENCE, method="link", currency="EUR", total_minor=229, lines=(MILK,),
    version="2026-11-22.1", channel="touch", claim_code="K7Q2-M4XD",
)  # fmt: skip
SAMPLES: dict[str, Message] = {
    "sale": SALE,
    "refund": RefundWanted(
        **place(2), order=ORDER, reference=REFERENCE, currency="EUR", total_minor=229, reason="late"
    ),
    "play": AdvertPlayed(**place(3), advert="breakfast", shown_ms=8000, version="2026-11-22.1"),
    "impressions": FacingsSeen(
        **place(4), aisle="dairy", minute=29922480, seen=((17, 2, 9400), (18, 2, 9400)), version="2026-11-22.1"
    ),
    "engagement": Engaged(**place(5), what="add", detail="04006381333931", facing=17),
    "scan": Scanned(**place(6), kind="gs1", outcome="product", gtin="04006381333931"),
    "gap": Gap(
        **place(400), first=7, counts={"play": 31, "impressions": 363}, plays=(("breakfast", 31, 248000),),
        seen=(("dairy", 17, 702, 3299400),), from_ms=1795345200000, until_ms=1795348799000,
    ),
    "batch": Batch(events=(SALE, Engaged(**place(2), what="reset"))),
    "ack": Ack(epoch="9f2c41d07be3", upto=6, at_ms=1795348800123),
    "charge": ChargeWanted(
        id="q1", expires_ms=1795348810123, order=ORDER, reference=REFERENCE, method="card", currency="EUR",
        total_minor=229, lines=(MILK,), version="2026-11-22.1", ttl_s=180, card="ktok_51ab",
        claim_code="K7Q2-M4XD",
    ),
    "cancel": CancelWanted(id="q2", expires_ms=1795348810123, reference=REFERENCE),
    "status": StatusWanted(id="q3", expires_ms=1795348810123, reference=REFERENCE),
    "refund-charge": RefundCharge(id="q4", expires_ms=1795348810123, reference=REFERENCE, reason="out-of-stock"),
    "charge-state": ChargeState(
        id="q1", reference=REFERENCE, state="created", payload="https://pay.example/7K3Q", expires_ms=1795348980123,
        currency="EUR", merchant="Endcap Market", domain="pay.example", at_ms=1795348800123,
    ),
    "terms": Terms(
        methods=("promptpay", "card"), domain="shop.example", link_base="https://shop.example",
        link_key="00112233445566778899aabbccddeeff", link_kid=1,
    ),
    "code": CodeWanted(id="q5", expires_ms=1795348810123, code="K7Q2-M4XD"),
    "code-state": CodeState(
        id="q5", code="K7Q2-M4XD", kind="claim", state="ready", reference=REFERENCE, method="card", lines=(MILK,),
        total_minor=229, currency="EUR", since_ms=1795348800123,
    ),
    "code-state-basket": CodeState(
        id="q6", code="K7Q-2M9", kind="basket", basket=(("04006381333931", 2), ("09521100100113", 1))
    ),
    "phone-sale": PhoneSale(order=ORDER, claim_code="K7Q2-M4XD", total_minor=229, currency="EUR"),
    "presence": Presence(
        state="selling", boot="3f6d2a9c-8f0e-4f57-9a55-1f1f7f6a4c11", since_ms=1795348800000, version="2026-11-22.1",
        view="wall", session="c0ffee0123456789", epoch="9f2c41d07be3",
    ),
    "health": Health(
        wall_ms=1795348800123, devices={"scanner": "ready", "printer": "lost"}, counters={"resets": 4},
        backlog=12, oldest_ms=1795348790000, acked_ms=1795348780000, clock="synced", clock_off_ms=-35,
    ),
}  # fmt: skip


def kind_of(message: Message) -> typing.Any:
    """The type a receiver asks for."""
    for union in (KioskEvent, Request):
        if isinstance(message, typing.get_args(union)):
            return union
    return type(message)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_written_as_it_always_was(name: str) -> None:
    golden = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    assert msgspec.json.decode(encode(SAMPLES[name])) == golden


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_read_as_it_always_was(name: str) -> None:
    assert decode((GOLDEN / f"{name}.json").read_bytes(), kind_of(SAMPLES[name])) == SAMPLES[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_fields_of_the_future_are_ignored(name: str) -> None:
    grown = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes()) | {"of_the_future": [1, {"a": None}]}
    assert decode(msgspec.json.encode(grown), kind_of(SAMPLES[name])) == SAMPLES[name]


def test_a_charge_of_before_claim_codes_travelled_is_still_read() -> None:
    old = msgspec.json.decode((GOLDEN / "charge.json").read_bytes())
    del old["claim_code"]
    assert decode(msgspec.json.encode(old), Request).claim_code == ""


def test_a_charge_of_before_domains_travelled_is_still_read() -> None:
    old = msgspec.json.decode((GOLDEN / "charge-state.json").read_bytes())
    del old["domain"]
    assert decode(msgspec.json.encode(old), ChargeState).domain == ""


@pytest.mark.parametrize(
    ("name", "young"),
    [
        ("ack", ("at_ms",)),
        ("presence", ("session", "epoch")),
        ("health", ("backlog", "oldest_ms", "acked_ms", "clock", "clock_off_ms")),
    ],
)
def test_words_of_before_fields_were_added_are_still_read(name: str, young: tuple[str, ...]) -> None:
    old = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    for field in young:
        del old[field]
    kind = kind_of(SAMPLES[name])
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    assert decode(msgspec.json.encode(old), kind) == msgspec.structs.replace(
        SAMPLES[name], **{field: defaults[field] for field in young}
    )


@pytest.mark.parametrize("name", ["charge-state", "code-state", "code-state-basket"])
def test_answers_of_both_kinds_come_on_one_topic(name: str) -> None:
    assert decode_answer((GOLDEN / f"{name}.json").read_bytes()) == SAMPLES[name]


def test_every_message_has_a_golden_file() -> None:
    abstract = {"Message", "Event"}
    kinds = {
        name for name, kind in vars(messages).items()
        if isinstance(kind, type) and issubclass(kind, Message) and name not in abstract
    }  # fmt: skip
    assert {type(sample).__name__ for sample in SAMPLES.values()} == kinds
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        (b"", Ack, "truncated"),
        (b"{", Ack, "truncated"),
        (b"\xff", Ack, "malformed"),
        (b"[]", Ack, "Expected `object`, got `array`"),
        (b'{"epoch":"e"}', Ack, "missing required field `upto`"),
        (b'{"epoch":"e","upto":"7"}', Ack, r"Expected `int`, got `str` - at `\$.upto`"),
        (b'{"epoch":"e","upto":1.5}', Ack, r"Expected `int`, got `float` - at `\$.upto`"),
        (b'{"type":"dance","epoch":"e","seq":1}', KioskEvent, "Invalid value 'dance'"),
        (b'{"events":[{"type":"play"}]}', Batch, r"at `\$.events\[0\]`"),
    ],
)
def test_what_is_no_message_is_refused_saying_where(text: bytes, kind: typing.Any, where: str) -> None:
    with pytest.raises(BadMessage, match=where):
        decode(text, kind)


@given(junk=st.binary(max_size=200), name=st.sampled_from(sorted(SAMPLES)))
def test_junk_is_refused_and_nothing_else_happens(junk: bytes, name: str) -> None:
    kind = kind_of(SAMPLES[name])
    try:
        message = decode(junk, kind)
    except BadMessage:
        return
    assert decode(encode(message), kind) == message
