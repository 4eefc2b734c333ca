"""What an operator may see of the glass: the shop, and nothing that is somebody's own."""

from __future__ import annotations

import io
import threading

from PIL import Image

from content.money import Money
from kiosk.ui.pictures import LINGERS_S, Pictures
from kiosk.views import Attract, Frame, Pay, View, Wall
from tests.kiosk.until import until

FRAME = Frame("en")
PAY = Pay(FRAME, "link", "waiting", Money(100, "EUR"), "0123456789ABCDE0")


class Glass:
    """Draws one colour, when it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.dead = False

    def picture(self, timeout: float = 5.0) -> Image.Image:
        self.may.wait(timeout)
        if self.dead:
            raise TimeoutError("the screen drew nothing")
        return Image.new("RGB", (108, 192), (10, 77, 51))


class Operator:
    def __init__(self) -> None:
        self.now = 100.0
        self.glass = Glass()
        self.pictures = Pictures(self.glass, lambda: self.now)
        self.said: list[tuple[bytes, str]] = []

    def shows(self, view: View) -> None:
        self.pictures.follow(view)

    def asks(self) -> None:
        self.pictures.take(lambda webp, why: self.said.append((webp, why)))

    def hears(self) -> tuple[bytes, str]:
        self.asks()
        until(lambda: self.said)
        return self.said.pop()


def test_the_wall_is_shown() -> None:
    operator = Operator()
    operator.shows(Attract(FRAME, ""))
    operator.now += LINGERS_S
    webp, why = operator.hears()
    assert why == ""
    assert Image.open(io.BytesIO(webp)).size == (108, 192)


def test_a_payment_and_what_it_leaves_behind_is_not() -> None:
    operator = Operator()
    operator.shows(PAY)
    operator.now += 60
    assert operator.hears() == (b"", "private")
    operator.shows(Wall(FRAME, "dairy"))
    assert operator.hears() == (b"", "private"), "the claim code may still be on the glass"
    operator.now += LINGERS_S
    assert operator.hears()[1] == ""


def test_somebody_who_begins_to_pay_meanwhile_is_not_seen() -> None:
    operator = Operator()
    operator.shows(Wall(FRAME, "dairy"))
    operator.now += LINGERS_S
    operator.glass.may.clear()
    operator.asks()
    operator.shows(PAY)
    operator.glass.may.set()
    until(lambda: operator.said)
    assert operator.said == [(b"", "private")]


def test_a_screen_that_draws_nothing_is_said_to() -> None:
    operator = Operator()
    operator.shows(Wall(FRAME, "dairy"))
    operator.now += LINGERS_S
    operator.glass.dead = True
    assert operator.hears() == (b"", "no-picture")
