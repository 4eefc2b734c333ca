"""How far each stream is complete, told to its kiosk: the latest word alone, as soon as the source takes it.

A broker takes so many messages at a time. What does not fit waits here, one word for each stream however many commits
it has meanwhile, so no kiosk is left to send again what is stored; while nobody is connected, all of them wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from fleet.clock import Clock
from mqtt import topics
from mqtt.messages import Ack, encode

log = logging.getLogger(__name__)

MOST: Final = 100_000  # streams; beyond, the oldest word is left out, and its kiosk asks by sending again
AGAIN_S: Final = 0.02  # after the source took no more
Stream = tuple[str, str]  # (kiosk address, epoch)


class Acks:
    """Sends from a thread of its own. `publish(topic, payload)` says whether it was accepted."""

    def __init__(self, publish: Callable[[str, bytes], bool], clock: Clock, most: int = MOST) -> None:
        self._publish, self._clock, self._most = publish, clock, most
        self._waiting: dict[Stream, int] = {}
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="acks", daemon=True)

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more; whoever was not told sends again and hears it then."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def tell(self, upto: Mapping[Stream, int]) -> None:
        """Up to where streams are complete, after the commit that made them so. Never waits."""
        with self._changed:
            for stream, number in upto.items():
                self._keep(stream, number)
            self._changed.notify()

    def _keep(self, stream: Stream, number: int) -> None:
        """With the lock held. Two threads may tell of one stream in either order: the higher number is right."""
        known = self._waiting.get(stream, 0)
        if stream not in self._waiting and len(self._waiting) >= self._most:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[stream] = max(known, number)

    def send(self) -> bool:
        """Send all that wait, as far as the source takes them; False where it took no more."""
        with self._changed:
            sending, self._waiting = self._waiting, {}
        at_ms = self._clock()
        while sending:
            (kiosk, epoch), upto = next(iter(sending.items()))
            if not self._publish(
                f"{topics.ROOT}/{kiosk}/dn/ack", encode(Ack(epoch=epoch, upto=upto, at_ms=at_ms))
            ):
                self.tell(sending)
                return False
            del sending[kiosk, epoch]
        return True

    def _sent(self) -> bool:
        try:
            return self.send()
        except Exception:  # kiosks ask again
            log.exception("acknowledgements could not be sent")
            return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._waiting)
            if not self._ended and not self._sent():
                with self._changed:
                    self._changed.wait_for(lambda: self._ended, AGAIN_S)
            if self._ended:
                return
