"""A technician's guided test on the glass: before nobody who is buying, and gone by itself."""

from __future__ import annotations

from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.guided import Step
from tests.core.journeys import MILK, Journey

SCAN = Step("scanner", "scan", 60_000, "ENDCAP-7Q2K")


def test_the_steps_come_one_after_the_other_and_the_shop_comes_back() -> None:
    j = Journey()
    j.happens(ev.DeviceTestStepped, SCAN)
    assert j.view(views.DeviceTest).code == "ENDCAP-7Q2K"
    assert j.happens(ev.CodeScanned, "unknown", "ENDCAP-7Q2K") == ()
    j.happens(ev.DeviceTestStepped, Step("scanner", "passed", 20_000))
    assert j.view(views.DeviceTest).step == "passed"
    j.happens(ev.DeviceTestEnded)
    j.view(views.Attract)


def test_yes_and_no_are_told_only_where_they_are_asked() -> None:
    j = Journey()
    j.happens(ev.DeviceTestStepped, SCAN)
    assert j.happens(ev.AnswerGiven, True) == ()
    j.happens(ev.DeviceTestStepped, Step("printer", "receipt", 60_000, asks=True))
    assert j.happens(ev.AnswerGiven, True) == (ef.TellDeviceTest("yes"),)
    assert j.happens(ev.AnswerGiven, False) == (ef.TellDeviceTest("no"),)


def test_a_test_waits_until_nobody_is_buying() -> None:
    j = Journey()
    j.happens(ev.ProductAdded, MILK, 1)
    assert ef.TellDeviceTest("busy") in j.happens(ev.DeviceTestStepped, SCAN)
    j.view(views.Wall)


def test_a_touch_ends_it_and_so_does_time() -> None:
    j = Journey()
    j.happens(ev.DeviceTestStepped, SCAN)
    assert ef.TellDeviceTest("stopped") in j.happens(ev.Dismissed)
    j.view(views.Attract)
    j.happens(ev.DeviceTestStepped, SCAN)
    j.wait(61_000)
    j.view(views.Attract)


def test_a_closed_wall_is_tested_and_closed_again() -> None:
    j = Journey()
    j.happens(ev.ServiceClosed, "maintenance", "EC-31")
    j.happens(ev.DeviceTestStepped, SCAN)
    j.view(views.DeviceTest)
    j.happens(ev.DeviceTestEnded)
    assert j.view(views.Closed).code == "EC-31"
    j.happens(ev.DeviceTestStepped, SCAN)
    j.happens(ev.ServiceOpened)
    j.view(views.DeviceTest)
    j.happens(ev.DeviceTestEnded)
    j.view(views.Attract)
