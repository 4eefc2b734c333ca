"""Delivers the sandbox provider's webhooks, again and again until somebody says 2xx."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import httpx

from fleet.payments import signing
from fleet.payments.faults import Fault
from fleet.payments.sandbox_server.bank import Bank, Due

TIMEOUT_S = 5.0
Post = Callable[[bytes, str], bool]


class Courier:
    """One thread that sleeps until an event is due or a charge expires. `url` "" delivers nothing but still expires.
    `post(body, signature)` says whether it was taken; by default it goes over HTTP.
    """

    def __init__(
        self, bank: Bank, url: str, secret: str, clock: Callable[[], int], post: Post | None = None
    ) -> None:
        self._bank, self._url, self._secret, self._clock = bank, url, secret, clock
        self._send = post or self._post
        self._client = httpx.Client(timeout=TIMEOUT_S, trust_env=False)
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier")

    def start(self) -> None:
        """Begin to deliver."""
        self._bank.changed = self._wake.set
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery under way."""
        self._over.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            busy, again_ms = self.deliver()
            if not busy and not self._over.is_set():
                self._wake.wait(None if again_ms is None else max(0.01, (again_ms - self._clock()) / 1000))

    def deliver(self) -> tuple[bool, int | None]:
        """Deliver what is due; returns whether there was any, and the moment to look again."""
        due, again_ms = self._bank.due()
        for event in due:
            if self._over.is_set():
                break
            self._deliver(event)
        return bool(due), again_ms

    def _deliver(self, event: Due) -> None:
        wrong = {Fault(name.partition("@")[0]) for name in event.faults}
        if not self._url or Fault.LOST in wrong:
            self._bank.delivered(event.id)
            return
        secret = "a stranger's" if Fault.FORGED in wrong else self._secret
        header = event.header or signing.sign(secret, event.body, self._clock() // 1000)
        took = False
        for _ in range(2 if Fault.DUPLICATE in wrong else 1):
            took = self._send(event.body, header)
        if took or secret != self._secret:
            self._bank.delivered(event.id, header)
        else:
            self._bank.undelivered(event.id, event.attempts)

    def _post(self, body: bytes, header: str) -> bool:
        headers = {signing.HEADER: header, "content-type": "application/json"}
        with suppress(httpx.HTTPError):
            return self._client.post(self._url, content=body, headers=headers).is_success
        return False
