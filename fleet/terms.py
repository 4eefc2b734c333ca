"""What each kiosk may offer, said whenever it appears: retained, so that one that starts without us hears it too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from mqtt.messages import Message, Terms
from mqtt.topics import Address

LinkKey = Callable[
    [Address], tuple[str, int]
]  # what a kiosk signs its links with (hexadecimal), and that key's number


class TermsTeller:
    """Says each kiosk its terms. `base` is the address of the phone's pages."""

    def __init__(
        self,
        methods_at: Callable[[Address], tuple[str, ...]],
        send: Callable[[Address, Message], bool],
        base: str,
        link_key: LinkKey | None = None,
    ) -> None:
        self._methods_at, self._send, self._link_key = methods_at, send, link_key
        self._base = base.rstrip("/")
        self._domain = urlsplit(base).hostname or ""
        self._lock = threading.Lock()
        self._owed: set[Address] = set()  # told nothing yet because the broker was away

    def terms_of(self, address: Address) -> Terms:
        """A kiosk's terms as they are now."""
        key, kid = self._link_key(address) if self._link_key else ("", 0)
        return Terms(
            methods=self._methods_at(address),
            domain=self._domain,
            link_base=self._base,
            link_key=key,
            link_kid=kid,
        )

    def appeared(self, address: Address) -> None:
        """A kiosk was heard of: at our start the broker tells of every one it has retained."""
        with self._lock:
            self._owed.add(address)
        self._say(address)

    def line_up(self) -> None:
        """The line to the kiosks stands: say what could not be said while it did not."""
        with self._lock:
            owed = list(self._owed)
        for address in owed:
            self._say(address)

    def _say(self, address: Address) -> None:
        if self._send(address, self.terms_of(address)):
            with self._lock:
                self._owed.discard(address)
