"""Between the devices' threads and whoever listens: bounded, so that a listener who hangs costs memory nothing and no
device a byte. What cannot be kept is counted and told; the outcome of a print is always kept (jobs are few and bounded).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from devices.events import DeviceEvent, DeviceState, NotPrinted, Printed, PrinterStatus

log = logging.getLogger(__name__)

MOST = 256  # events that wait; a person scans two codes a second


class Outbox:
    """Events wait here for `emit`, which one thread calls, in their order."""

    def __init__(self, emit: Callable[[DeviceEvent], None], most: int = MOST) -> None:
        self._emit, self._most = emit, most
        self._waiting: deque[DeviceEvent] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.dropped: dict[str, int] = {}  # by device
        self._thread = threading.Thread(target=self._run, name="devices-outbox", daemon=True)

    def start(self) -> None:
        """Begin to hand out."""
        self._thread.start()

    def put(self, event: DeviceEvent) -> None:
        """Leave an event; never blocks. From any thread."""
        with self._changed:
            if len(self._waiting) >= self._most and not self._room_for(event):
                count = self.dropped.get(event.device, 0) + 1
                self.dropped[event.device] = count
                log.error(
                    "%s: nobody takes its events; %d dropped, now %s",
                    event.device,
                    count,
                    type(event).__name__,
                )
                return
            self._waiting.append(event)
            self._changed.notify()

    def close(self, timeout_s: float) -> bool:
        """Hand out what waits and end; False where the listener does not come back in time."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _room_for(self, event: DeviceEvent) -> bool:
        """Whether it may be left all the same: a state takes the place of an older one of the same device."""
        if isinstance(event, Printed | NotPrinted):
            return True
        if isinstance(event, DeviceState | PrinterStatus):
            for old in self._waiting:
                if type(old) is type(event) and old.device == event.device:
                    self._waiting.remove(old)
                    return True
            return True  # at most two per device
        return False

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                event = self._waiting.popleft()
            try:
                self._emit(event)
            except Exception:  # the listener's fault must not silence the devices
                log.exception("an event of %s could not be handed over", event.device)
