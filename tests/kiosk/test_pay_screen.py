"""The pay screen of a whole kiosk: what the fleet says of a code, on its way to the glass."""

from __future__ import annotations

import time
from pathlib import Path

from kiosk.views import Add, Checkout, ChooseMethod, Done, Pay, PayBy, Problem, Retry, Start, Thanks
from mqtt.messages import CancelWanted, ChargeState
from tests.kiosk.kiosks import APPLES, Kiosk
from tests.kiosk.until import until

LEFT_MS = 95_000
BUYING = (Start(), Add(gtin=APPLES, facing=1), Checkout())


def test_domain_check_code_and_the_time_that_is_left_by_the_fleets_clock(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.answers = False
        asked_ms = time.monotonic_ns() // 1_000_000
        kiosk.do(*BUYING, PayBy("link"))
        until(lambda: kiosk.fleet.wanted)
        reference = kiosk.fleet.wanted[0].reference
        years_off = 1_000_000_000_000
        kiosk.fleet.say(
            ChargeState(
                id="", reference=reference, state="created", payload="https://pay.example/x", merchant="Corner",
                domain="pay.example", expires_ms=years_off + LEFT_MS, at_ms=years_off,
            )
        )  # fmt: skip
        pay = kiosk.sees(Pay, where=lambda view: view.stage == "waiting")
        assert (pay.domain, pay.check, pay.offered_ms) == ("pay.example", reference[:4], LEFT_MS)
        now_ms = time.monotonic_ns() // 1_000_000
        assert asked_ms <= pay.until_ms - LEFT_MS <= now_ms, "on the clock the screen counts by"
        kiosk.fleet.pays(reference, pay.amount.minor)
        kiosk.sees(Thanks)


def test_a_code_too_dense_for_the_glass_is_cancelled_before_anybody_sees_it(tmp_path: Path) -> None:
    with Kiosk(tmp_path) as kiosk:
        kiosk.fleet.payload = "x" * 2_900
        kiosk.do(*BUYING, PayBy("epc"))
        problem = kiosk.sees(Problem)
        assert (problem.key, problem.code, problem.can_retry) == ("too-dense", "EC-17", True)
        assert not any(isinstance(view, Pay) and view.payload for _, view in kiosk.seen)
        assert any(isinstance(asked, CancelWanted) for asked in kiosk.fleet.requests)
        kiosk.do(Retry())
        kiosk.sees(ChooseMethod)
        kiosk.fleet.payload = "PAY HERE"
        kiosk.do(PayBy("link"))
        paid = kiosk.sees(Pay, where=lambda view: view.stage == "waiting")
        kiosk.fleet.pays(paid.reference, paid.amount.minor)
        kiosk.sees(Thanks)
        kiosk.do(Done())
