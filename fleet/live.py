"""What happens in the fleet, told to whoever listens in this process: pages, the payment desk, tests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. `name`: event, state, health, charge, order, poison; `data` is plain JSON data."""

    name: str
    data: dict[str, Any]


Listener = Callable[[Item], None]


class Hub:
    """Told once, heard by all who listen at that moment; nothing is kept (the store does that)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self.closed = threading.Event()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(item)` from the teller's thread for everything from now on; returns what ends that. Hand over
        and return: the teller waits. An exception is logged and costs the others nothing.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def leave() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return leave

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Tell everybody, from any thread."""
        item = Item(name, data)
        for listener in self._listeners:
            try:
                listener(item)
            except Exception:
                log.exception("a listener failed at %s", name)

    def close(self) -> None:
        """Nothing more will be told; streams to pages end themselves on the item `closed`."""
        self.closed.set()
        self.tell("closed", {})
