"""Somebody before a wall: sees what its agent shows, touches it, and plays its screen where none is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from kiosk.link.link import Drawn
from kiosk.link.socket import SocketScreenEnd
from kiosk.views import (
    Add,
    Attract,
    Checkout,
    Done,
    Facing,
    OpenAisle,
    Pay,
    PayBy,
    Shop,
    Start,
    StartOver,
    Thanks,
    View,
    Wall,
)
from tests.waiting import wait_until

Kind = TypeVar("Kind", bound=View)


class Person:
    """`blind`: the screen they play draws no product of whatever comes now."""

    def __init__(self, socket: Path) -> None:
        self._screen = SocketScreenEnd(socket)
        self.blind = False
        self.seen: list[tuple[Shop, View]] = []
        self._screen.listen(self._show)

    def _show(self, shop: Shop, view: View) -> None:
        self.seen.append((shop, view))
        self._screen.drew(Drawn(shop.version, 60, 0 if self.blind else 6))

    def leaves(self) -> None:
        self._screen.close()

    def does(self, *intents: object) -> None:
        for intent in intents:
            self._screen.send(intent)  # type: ignore[arg-type]

    @property
    def view(self) -> View | None:
        return self.seen[-1][1] if self.seen else None

    def sees(self, kind: type[Kind]) -> Kind:
        wait_until(lambda: isinstance(self.view, kind), f"{kind.__name__}; it shows {self.view}")
        view = self.view
        assert isinstance(view, kind)
        return view

    def comes(self) -> None:
        """Touch the wall."""
        self.sees(Attract)
        self.does(Start())
        self.sees(Wall)

    def leaves_it(self) -> None:
        """Begin nothing, and go."""
        self.does(StartOver())
        self.sees(Attract)

    def goes(self) -> None:
        """Leave after the thanks."""
        self.does(Done())
        self.sees(Attract)

    def looks_at(self, gtin: str, aisle: str = "bread") -> Facing:
        """What stands on the shelf; asks the agent as a screen does."""
        found = [one for one in self._screen.facings(aisle, "en", 0, 60).items if one.gtin == gtin]
        assert found, f"{gtin} is not on the shelf {aisle}"
        return found[0]

    def price(self, gtin: str, aisle: str = "bread") -> int:
        return self.looks_at(gtin, aisle).price.minor

    def first(self, aisle: str = "bread") -> str:
        return self._screen.facings(aisle, "en", 0, 1).items[0].gtin

    def wants_to_pay(self, gtin: str, pieces: int = 2) -> Pay:
        """Take pieces of a product and choose the link; returns the payment when its code is on the glass."""
        self.comes()
        self.does(OpenAisle("bread"), Add(gtin, 1, pieces), Checkout(), PayBy("link"))
        wait_until(
            lambda: isinstance(self.view, Pay) and self.view.payload,
            f"a code to pay by; it shows {self.view}",
        )
        return self.sees(Pay)

    def is_thanked(self) -> Thanks:
        return self.sees(Thanks)
