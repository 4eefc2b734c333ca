"""A receipt that could not be printed for want of paper, and paper that comes back."""

from __future__ import annotations

import pytest

from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from tests.core.journeys import Journey


def thanked() -> tuple[Journey, str]:
    """Somebody has paid, and the receipt is being printed."""
    j = Journey()
    j.happens(ev.DeviceChanged, "printer", "ready", "")
    reference = j.pay_by_link()
    j.paid(reference)
    assert j.view(views.Thanks).receipt == "printing"
    return j, reference


def test_paper_that_comes_back_while_the_buyer_stands_there_brings_the_receipt() -> None:
    j, reference = thanked()
    j.happens(ev.DeviceChanged, "printer", "ready", "no-paper")
    j.happens(ev.ReceiptFailed, reference, "no-paper")
    assert j.view(views.Thanks).receipt == "no-paper"
    j.happens(ev.DeviceChanged, "printer", "ready", "cover-open")
    assert len(j.did(ef.PrintReceipt)) == 1
    (again,) = j.happens(ev.DeviceChanged, "printer", "ready", "")
    assert isinstance(again, ef.PrintReceipt)
    assert j.view(views.Thanks).receipt == "printing"
    j.happens(ev.DeviceChanged, "printer", "ready", "paper-low")
    j.happens(ev.ReceiptPrinted, reference)
    assert j.view(views.Thanks).receipt == "printed"
    assert len(j.did(ef.PrintReceipt)) == 2


def test_after_the_next_buyer_began_nothing_of_the_last_one_comes_out() -> None:
    j, reference = thanked()
    j.happens(ev.ReceiptFailed, reference, "no-paper")
    j.happens(ev.Dismissed)
    j.happens(ev.DeviceChanged, "printer", "ready", "no-paper")
    j.happens(ev.DeviceChanged, "printer", "ready", "")
    assert len(j.did(ef.PrintReceipt)) == 1


def test_a_receipt_that_may_be_on_paper_is_not_printed_again() -> None:
    j, reference = thanked()
    j.happens(ev.ReceiptFailed, reference, "no-printer")  # unsure is told so: kiosk.peripherals.hardware
    j.happens(ev.DeviceChanged, "printer", "ready", "no-paper")
    j.happens(ev.DeviceChanged, "printer", "ready", "")
    assert len(j.did(ef.PrintReceipt)) == 1
    assert j.view(views.Thanks).receipt == "no-printer"


@pytest.mark.parametrize(
    ("state", "detail", "shown"),
    [
        ("ready", "", "printing"),
        ("ready", "paper-low", "printing"),
        ("ready", "no-paper", "no-paper"),
        ("ready", "cover-open", "no-printer"),
        ("ready", "cutter-error", "no-printer"),
        ("failed", "no answer", "no-printer"),
    ],
)
def test_what_the_printer_says_decides_whether_it_is_asked(state: str, detail: str, shown: str) -> None:
    j = Journey()
    j.happens(ev.DeviceChanged, "printer", state, detail)
    reference = j.pay_by_link()
    j.paid(reference)
    assert j.view(views.Thanks).receipt == shown
    assert bool(j.did(ef.PrintReceipt)) == (shown == "printing")
