"""The sandbox provider's rig: the server as a process of its own, scripted over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from fleet.payments.faults import Fault, names
from fleet.payments.port import Provider
from fleet.payments.sandbox import SandboxProvider
from tests.fleet.payments.fault_rig import Door, FaultRig
from tests.fleet.payments.sandbox_process import Sandbox, sandbox
from tests.servers import wait_until

LATER_S, SLOW_S, PATIENCE_S = 0.3, 1.6, 0.8


class SandboxRig(FaultRig):
    """Fast where the real one would be slow: `--later`, `--slow` and the adapter's patience fit each other."""

    title = "Sandbox"
    method, currency, minor = "link", "EUR", 500
    supports = frozenset(names())

    def __init__(self, server: Sandbox, hooks: Door) -> None:
        self.server, self.hooks = server, hooks
        self.faults: tuple[str, ...] = ()

    def provider(self) -> Provider:
        return SandboxProvider(
            self.server.url, self.server.keys, lambda: int(time.time()), timeout_s=PATIENCE_S
        )

    def _rest(self, verb: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.server.keys.api_key}"}
        answer = httpx.request(
            verb, self.server.url + path, json=body, headers=headers, trust_env=False, timeout=10
        )
        answer.raise_for_status()
        return answer.json()

    def _charges(self, reference: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._rest("GET", f"/v1/charges?reference={reference}")
        return found

    def script(self, *faults: str) -> None:
        self.faults = faults
        self._rest("PUT", "/v1/script", {"rules": [{"faults": faults}] if faults else []})

    def pay(self, reference: str) -> None:
        (charge,) = self._charges(reference)
        self._rest("POST", f"/v1/charges/{charge['id']}/pay", {})

    def arrived(self, reference: str) -> None:
        all_of_it = 2 * self.minor if Fault.PAID_TWICE.value in self.faults else 1
        wait_until(lambda: self.money(reference)[0] >= all_of_it, "the money to arrive")

    def told(self, reference: str, fault: str) -> None:
        times = {Fault.LOST.value: 0, Fault.DUPLICATE.value: 2, Fault.REPLAYED.value: 2}.get(fault, 1)
        wait_until(lambda: sum(reference.encode() in b for b in self.hooks.got) >= times, "the webhooks")

    def money(self, reference: str) -> tuple[int, int]:
        charges = self._charges(reference)
        return sum(c["paid_minor"] for c in charges), sum(c["refunded_minor"] for c in charges)


@contextmanager
def sandbox_rig(folder: Path, hooks: Door) -> Iterator[FaultRig]:
    options = ("--later", str(LATER_S), "--slow", str(SLOW_S))
    with sandbox(folder, hooks.url, options=options) as server:
        yield SandboxRig(server, hooks)
