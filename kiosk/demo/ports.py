"""Which ports the demo uses, all in a row from the one the user may choose, and whether they are free."""

from __future__ import annotations

import socket
from dataclasses import dataclass

ROW = 4  # ports in a row
LOWEST, HIGHEST = 1024, 65535 - (ROW - 1)


class PortBusy(OSError):
    """Somebody else listens on a port the demo needs; the text says which and how to choose others."""


def first_port(text: str) -> int:
    """The first of a row, as a person wrote it; ValueError where there is no such row."""
    if not (text.isascii() and text.isdigit() and LOWEST <= int(text) <= HIGHEST):
        raise ValueError(f"expected a port from {LOWEST} to {HIGHEST}, found {text!r}")
    return int(text)


@dataclass(frozen=True)
class Ports:
    """Four TCP ports on loopback."""

    page: int

    @property
    def fleet(self) -> int:
        """The fleet's pages: what phones open."""
        return self.page + 1

    @property
    def bank(self) -> int:
        """The sandbox bank."""
        return self.page + 2

    @property
    def broker(self) -> int:
        """MQTT."""
        return self.page + 3

    @property
    def fleet_url(self) -> str:
        """The origin of the fleet's pages."""
        return f"http://127.0.0.1:{self.fleet}"

    @property
    def bank_url(self) -> str:
        """The origin of the bank's pages."""
        return f"http://127.0.0.1:{self.bank}"

    def named(self) -> dict[str, int]:
        """What each is for, in words a person reads."""
        return {
            "this demo's page": self.page,
            "the phone's pages": self.fleet,
            "the sandbox bank": self.bank,
            "the MQTT broker": self.broker,
        }

    def check(self) -> None:
        """Raise PortBusy where one of them is taken."""
        for use, port in self.named().items():
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                # A port in TIME_WAIT after our own last run is free for us.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    other = self.page + 20 if self.page < 65000 else 8480
                    raise PortBusy(
                        f"port {port} is busy ({use} needs it); choose others with: make demo PORT={other}"
                    ) from None
