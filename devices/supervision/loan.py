"""A device that is lent: a guided test hears and commands it, and the kiosk does not, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from devices.drivers.base import CanArm, CanOffer, CanSignal, CanTrigger


class Lender(Protocol):
    """Whose device it is."""

    @property
    def name(self) -> str:
        """Its configured name."""

    @property
    def driver(self) -> object:
        """The driver now; None while there is none."""

    def print_for_borrower(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Print, the outcome for the borrower."""

    def returned(self) -> None:
        """It is given back."""


class BadCommand(ValueError):
    """Not a command there is, or not with such fields."""


class Loan:
    """A device that was lent. Every method may be called from any thread; after `end` none does anything."""

    def __init__(self, device: Lender) -> None:
        self._device: Lender | None = device
        self.name = device.name

    def _driver(self) -> object:
        return None if self._device is None else self._device.driver

    def arm(self, on: bool) -> bool:
        """Have a reader look for cards; False where it cannot."""
        driver = self._driver()
        if isinstance(driver, CanArm):
            driver.arm(on)
        return isinstance(driver, CanArm)

    def offer(self, uri: str) -> bool:
        """Have a reader give an address to phones; False where it cannot."""
        driver = self._driver()
        if isinstance(driver, CanOffer):
            driver.offer(uri)
        return isinstance(driver, CanOffer)

    def trigger(self, on: bool) -> bool:
        """Start or stop a scanner; False where it cannot be."""
        driver = self._driver()
        if isinstance(driver, CanTrigger):
            driver.trigger(on)
        return isinstance(driver, CanTrigger)

    def signal(self, good: bool) -> bool:
        """Beep or light up; False where it cannot."""
        driver = self._driver()
        if isinstance(driver, CanSignal):
            driver.signal(good)
        return isinstance(driver, CanSignal)

    def print(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Print; its outcome is an event for the borrower. False where it is not taken."""
        device = self._device
        if device is None:
            return False
        return device.print_for_borrower(job, pieces)

    def command(self, what: object, fields: Mapping[str, Any]) -> bool:
        """A command as it stands in devices.technician.service; False where the device cannot or will not. Raises BadCommand."""
        try:
            match what:
                case "arm":
                    return self.arm(fields["on"] is True)
                case "trigger":
                    return self.trigger(fields["on"] is True)
                case "signal":
                    return self.signal(fields["good"] is True)
                case "offer":
                    return self.offer(str(fields["uri"]))
                case "print":
                    pieces = [bytes.fromhex(piece) for piece in fields["pieces"]]
                    return self.print(str(fields["job"]), pieces)
        except (KeyError, TypeError, ValueError) as error:
            missing = f"expected {error}" if isinstance(error, KeyError) else str(error)
            raise BadCommand(f"{what}: {missing}") from None
        raise BadCommand(f"{what!r}: expected arm, trigger, signal, offer or print")

    def end(self) -> None:
        """Give it back. Twice is once."""
        device, self._device = self._device, None
        if device is not None:
            device.returned()
