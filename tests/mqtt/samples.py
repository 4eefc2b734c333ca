"""One message of each kind, as an old kiosk or fleet would say it; tests/mqtt/golden holds their bytes."""

from __future__ import annotations

import typing
from pathlib import Path

from mqtt.commands import (
    Alerts,
    AlertState,
    Command,
    CommandNoted,
    CommandState,
    Desired,
    LiveChanges,
    Reported,
    Running,
    Target,
)
from mqtt.messages import (
    Ack,
    AdvertPlayed,
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
    Showing,
    StatusWanted,
    Terms,
    TimeTold,
    TimeWanted,
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
    "play": AdvertPlayed(**place(3), advert="breakfast", shown_ms=8000, version="2026-11-22.1",
        creative="5f1d" * 16, name="Breakfast at the platform", playlist="sold", booking="B-2044", kind="booked",
        began_ms=1795348792123, began_mono_ms=86392123, ended="person", drawn=True, touched=True, how_ms=8000,
    ),
    "impressions": FacingsSeen(
        **place(4), aisle="dairy", minute=29922480, seen=((17, 2, 9400), (18, 2, 9400)), version="2026-11-22.1"
    ),
    "engagement": Engaged(**place(5), what="add", detail="04006381333931", facing=17),
    "scan": Scanned(**place(6), kind="gs1", outcome="product", gtin="04006381333931"),
    "gap": Gap(
        **place(400), first=7, counts={"play": 31, "impressions": 363}, plays=(("breakfast", 31, 248000),),
        seen=(("dairy", 17, 702, 3299400),), from_ms=1795345200000, until_ms=1795348799000,
        showings=(
            Showing(
                advert="breakfast", creative="5f1d" * 16, name="Breakfast at the platform", playlist="sold", booking="B-2044",
                kind="booked", times=31, shown_ms=248000, drawn=31, present=2, touched=1, how_ms=120000,
            ),
        ),
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
        machine="pi-5673bd88127427e8", word=7,
    ),
    "health": Health(
        wall_ms=1795348800123, devices={"scanner": "ready", "printer": "lost"}, counters={"resets": 4},
        backlog=12, oldest_ms=1795348790000, acked_ms=1795348780000, clock="synced", clock_off_ms=-35,
    ),
    "time": TimeWanted(id="q7", expires_ms=1795348810123, mono_ms=86400123),
    "time-told": TimeTold(id="q7", mono_ms=86400123, at_ms=1795348800158),
    "command": Command(
        id="7K3Q9D2M5XVA8PB1", what="collect-logs", by="ada", why="the printer", at_ms=1795348800123, valid_s=60,
        force=True, arguments={"minutes": "10"},
    ),
    "command-state": CommandState(
        id="7K3Q9D2M5XVA8PB1", state="done", wall_ms=1795348801000, detail="2 parts", part=1, parts=2,
        media="text/plain", data=b"09:00 ready\n",
    ),
    "command-noted": CommandNoted(id="7K3Q9D2M5XVA8PB1", state="done"),
    "desired": Desired(
        version=3, by="ada", why="night", out_of_service=True, brightness=60, sleep=(1380, 300), log_level="DEBUG",
        content=Target(name="demo-000042", rollout="r-7", pinned_by="ada", pinned_why="filming"),
        software=Target(name="endcap-0.2.0"), sources=("https://cdn.example/releases",), fetch_kib_s=256, fetch_window=(60, 300),
    ),
    "live-changes": LiveChanges(kid="9f2c41d07be3aa10", signature=b"64 bytes", body=b'{"format":1}'),
    "reported": Reported(
        version=3, wall_ms=1795348800123, session="c0ffee0123456789", software="0.1.0", release="2026-11-22.1",
        out_of_service=True, brightness=60, sleep=(1380, 300), log_level="DEBUG", machine="Raspberry Pi 4 Model B",
        faults=("brightness: no such panel",),
        content=Running(
            name="demo-000041", confirmed=True, since_ms=1795348700000, target="demo-000042", rollout="r-7",
            phase="fetching", percent=40, reason="no-source", detail="http://10.0.0.2: no route to host",
        ),
        software_state=Running(name="endcap-0.1.0"), live_version=7, orientation="landscape", tags=("pilot",),
    ),
    "alerts": Alerts(kid="5e1f00ba5e1f00ba", signature=b"\x01" * 64, body=b'{"kiosk":"demo/s1/K1","version":4}'),
    "alert-state": AlertState(
        id="7K3Q9D2M5XVA8PB1", state="silent", wall_ms=1795348800123, version=4, after_ms=61, reason="no-speaker",
        detail="aplay: no such card",
    ),
}  # fmt: skip


def kind_of(message: Message) -> typing.Any:
    """The type a receiver asks for."""
    for union in (KioskEvent, Request | TimeWanted):
        if isinstance(message, typing.get_args(union)):
            return union
    return type(message)


def golden(name: str) -> bytes:
    """The bytes of one, as they were written once."""
    return (GOLDEN / f"{name}.json").read_bytes()
