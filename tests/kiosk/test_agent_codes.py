"""Codes at a whole kiosk: from the glass and the scanner to the fleet and back, with the real agent, ledger and link."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.peripherals.peripherals import CodeRead
from kiosk.views import (
    AskCode,
    Attract,
    Basket,
    CodeEntry,
    CodeResult,
    Done,
    EnterCode,
    PrintReceipt,
    ProductDetail,
)
from mqtt.messages import CodeState, CodeWanted, Line, Scanned
from tests.kiosk.kiosks import APPLES, MILK, Kiosk
from tests.kiosk.until import until

CLAIM, CARRIED = "K7Q2-9MXT", "K7Q-2M9"
READY = CodeState(
    id="", code=CLAIM, kind="claim", state="ready", reference="7K2Q9XM4D0T3R8V0", method="link",
    lines=(Line(gtin=MILK, name="Milk", quantity=2, price_minor=119, total_minor=238),), total_minor=238, currency="EUR",
    since_ms=1_795_348_800_000,
)  # fmt: skip


def test_a_claim_code_is_typed_and_its_receipt_comes_again(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.codes[CLAIM] = READY
        kiosk.sees(Attract)
        kiosk.do(EnterCode())
        kiosk.sees(CodeEntry)
        kiosk.do(AskCode("k7q29mxt"))
        shown = kiosk.sees(CodeResult, where=lambda view: view.receipt == "offer")
        assert (shown.key, shown.order, shown.pickup) == ("ready", "7K2Q", "Locker wall, exit B")
        kiosk.do(PrintReceipt())
        kiosk.sees(CodeResult, where=lambda view: view.receipt == "printed")
        [receipt] = kiosk.devices.printed
        assert receipt.reference == READY.reference
        assert any(line.style == "code" and line.left == CLAIM for line in receipt.lines)
        assert any("2026-11-22" in line.left for line in receipt.lines), "of when it was paid, not of now"
        kiosk.do(Done())
        kiosk.sees(Attract)
        [wanted] = [request for request in kiosk.fleet.requests if isinstance(request, CodeWanted)]
        assert wanted.code == CLAIM


def test_a_scanned_basket_code_brings_the_basket(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.codes[CARRIED] = CodeState(
            id="", code=CARRIED, kind="basket", basket=((APPLES, 2), (MILK, 1), ("09521100100915", 1))
        )
        kiosk.sees(Attract)
        kiosk.devices.post(CodeRead(CARRIED))
        shown = kiosk.sees(CodeResult)
        assert (shown.key, shown.missing) == ("partly", ("09521100100915",))
        kiosk.do(Done())
        basket = kiosk.sees(Basket)
        assert [(line.gtin, line.quantity) for line in basket.lines] == [(APPLES, 2), (MILK, 1)]
        until(lambda: kiosk.fleet.events(Scanned), "the scan to be told")
        [scan] = kiosk.fleet.events(Scanned)
        assert isinstance(scan, Scanned)
        assert (scan.kind, scan.outcome, scan.gtin) == ("basket", "code", "")


def test_codes_are_in_no_event_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.sees(Attract)
        kiosk.do(EnterCode())
        kiosk.do(AskCode(CLAIM))
        kiosk.sees(CodeResult, where=lambda view: view.key == "unknown")
        until(lambda: kiosk.program.ledger.bounds()[0] == kiosk.program.ledger.bounds()[1], "all told")
        assert CLAIM not in repr(kiosk.fleet.stored)
        assert CLAIM not in caplog.text


def test_without_the_fleet_the_code_stays_good(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.sees(Attract)
        kiosk.fleet.connected = False  # gone, and the kiosk has not noticed yet
        kiosk.do(EnterCode())
        kiosk.do(AskCode(CLAIM))
        assert kiosk.sees(CodeResult).key == "offline"


def test_a_voucher_that_names_a_product_is_said_to_be_one_and_opens_nothing(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.sees(Attract)
        kiosk.devices.post(CodeRead(f"255952110010011342\x1d01{MILK}", "]C1"))
        shown = kiosk.sees(Attract, where=lambda view: view.frame.notice is not None)
        assert shown.frame.notice is not None
        assert shown.frame.notice.key == "no-vouchers"


def test_a_product_of_an_element_string_opens_and_a_members_number_goes_no_further(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.sees(Attract)
        kiosk.devices.post(CodeRead("8018952110010011342677", "]Q3"))
        shown = kiosk.sees(Attract, where=lambda view: view.frame.notice is not None)
        assert shown.frame.notice is not None
        assert shown.frame.notice.key == "no-members"
        kiosk.devices.post(CodeRead(f"10L-7\x1d01{MILK}", "]C1"))
        assert kiosk.sees(ProductDetail).facing.gtin == MILK
        until(lambda: len(kiosk.fleet.events(Scanned)) == 2, "both scans to be told")
        told = [scan for scan in kiosk.fleet.events(Scanned) if isinstance(scan, Scanned)]
        assert [(scan.kind, scan.outcome, scan.gtin) for scan in told] == [
            ("member", "unknown", ""),
            ("gs1", "product", MILK),
        ]
