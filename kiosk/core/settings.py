"""How patient the kiosk is and where it stands. Times are milliseconds unless the name says otherwise."""

from __future__ import annotations

import re

from msgspec import Struct

_HOST = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z")


class BadSettings(ValueError):
    """A setting that cannot work; says which and what was expected."""


class Settings(Struct, frozen=True, kw_only=True):
    """What an operator may tune; the defaults suit a station."""

    wall_idle_ms: int = 30_000  # without a touch, then the warning
    product_idle_ms: int = 30_000
    basket_idle_ms: int = 40_000
    choose_idle_ms: int = 40_000
    code_idle_ms: int = 40_000  # at the keys, and with what a code stands for
    code_ms: int = 12_000  # for the fleet to say what a code stands for
    problem_idle_ms: int = 60_000  # long enough to copy the code
    warn_ms: int = 10_000  # from the warning to the reset
    thanks_ms: int = 25_000  # thanks stay that long after the last touch, and go without a warning
    notice_ms: int = 4_000
    rescan_ms: int = (
        600  # a code read again so soon was not held there again (scanners' own patience: 500 to 750)
    )
    how_ms: int = 8_000  # the slide that says how it works
    how_every: int = 2  # that many adverts, then how it works

    charge_ttl_ms: int = 180_000  # a QR is offered that long (payments: 120-180 s)
    ask_ms: int = 10_000  # from asking for a charge to doubting that an answer comes
    tap_ms: int = 45_000  # for finding the card
    confirm_ms: int = 60_000  # for a card to be accepted
    cancel_ms: int = 8_000  # for a cancel to be confirmed
    late_ms: int = 20_000  # a doubt stays on the screen that long, then a claim code is given
    record_ms: int = 5_000  # for the ledger to commit a sale
    poll_ms: int = 10_000  # while a QR is shown; confirmations are pushed, this is for those that get lost
    late_poll_ms: int = 3_000  # while in doubt; doubles in the background
    slowest_poll_ms: int = 300_000
    linger_ms: int = 600_000  # an ended charge is watched for late money: expiry + 10 min
    keep_ms: int = 7_200_000  # an unanswered one is watched that long, then it is the ledger's

    honour_s: int = 60  # a price that was on the glass so lately is still given
    max_quantity: int = 20
    max_lines: int = 40
    max_pending: int = 32
    max_settled: int = 256


class Place(Struct, frozen=True, kw_only=True):
    """Which kiosk this is. `host` is where phones find the shop: scheme, host and perhaps a port, no path."""

    kiosk: str
    host: str = "https://shop.example"
    pictures: str = ""  # absolute folder the products' picture paths start from

    def __post_init__(self) -> None:
        if not _HOST.match(self.host):
            raise BadSettings(f"host {self.host!r}: expected http(s)://name[:port] without a path")
        if not self.kiosk or "/" in self.kiosk:
            raise BadSettings(f"kiosk {self.kiosk!r}: expected a name without a slash")
