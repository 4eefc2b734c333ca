"""The peripherals of the package `devices`, plugged into the agent's port."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from devices import events as heard
from devices.events import DeviceEvent
from devices.models import Paper, Setting
from devices.registry import model
from devices.settings import KINDS, kind_of
from devices.supervision.manager import Manager
from devices.supervision.opening import THIS_HOST, Host
from devices.supervision.supervisor import Supervisor
from devices.technician.service import GlassStep, Service
from kiosk import guided
from kiosk.peripherals.paper import pieces
from kiosk.peripherals.peripherals import CardRead, CodeRead, DeviceState, PhoneTapped, Post, Printed
from kiosk.peripherals.receipt import Receipt

log = logging.getLogger(__name__)


class Hardware:
    """Peripherals (kiosk.peripherals.peripherals) by name: scanner, scanner-2, reader ...; a kind that is not set is absent.

    `socket` is where `endcap devices` finds them while they are ours.
    """

    def __init__(
        self, settings: Iterable[Setting], socket: Path | None = None, host: Host = THIS_HOST
    ) -> None:
        self._manager = Manager(settings, self._hear, host)
        self._service = Service(self._manager, socket, self) if socket is not None else None
        self._post: Post = lambda event: None
        self._answered: Callable[[str], None] = _nobody

    def start(self, post: Post) -> None:
        """See Peripherals."""
        self._post = post
        for kind in KINDS:
            if not self._of(kind):
                post(DeviceState(kind, "absent"))
        self._manager.start()
        if self._service is not None:
            try:
                self._service.start()
            except OSError as error:  # a kiosk sells without it
                log.error("`endcap devices` will not find this agent: %s", error)

    def arm(self, on: bool) -> None:
        """See Peripherals."""
        for reader in self._of("reader"):
            reader.arm(on)

    def offer(self, uri: str) -> None:
        """See Peripherals."""
        for reader in self._of("reader"):
            reader.offer(uri)

    def print(self, receipt: Receipt) -> None:
        """See Peripherals."""
        printers = self._of("printer")
        if not printers:
            self._post(Printed(receipt.reference, "no-printer"))
            return
        try:
            job = pieces(receipt, model(printers[0].setting.model).paper or Paper())
        except Exception:  # fonts, pictures, libraries: whoever waits for a receipt is told all the same
            log.exception("receipt %s cannot be made", receipt.reference)
            self._post(Printed(receipt.reference, "no-printer"))
            return
        printers[0].print(receipt.reference, job)

    def show(self, step: GlassStep, answered: Callable[[str], None]) -> None:
        """See devices.technician.service.Glass; from a tool's thread."""
        if self._answered not in (_nobody, answered):
            answered("busy")
            return
        self._answered = answered
        self._post(
            guided.Step(
                step.device, step.step, round(step.patience_s * 1000), step.code, step.number, step.steps, step.asks,
                step.detail,
            )
        )  # fmt: skip

    def clear(self, answered: Callable[[str], None], *, now: bool) -> None:
        """See devices.technician.service.Glass."""
        if self._answered == answered:
            self._answered = _nobody
            if now:
                self._post(guided.Over())

    def answered(self, answer: str) -> None:
        """See Peripherals."""
        self._answered(answer)

    def close(self) -> None:
        """See Peripherals."""
        if self._service is not None:
            self._service.stop()
        self._manager.stop()

    def _of(self, kind: str) -> list[Supervisor]:
        return [device for name, device in self._manager.devices.items() if kind_of(name) == kind]

    def _hear(self, event: DeviceEvent) -> None:
        """From the devices' threads."""
        match event:
            case heard.Scan(text=text, aim=aim):
                self._post(CodeRead(text, aim))
            case heard.CardSeen(token=token):
                self._post(CardRead(token))
            case heard.Tapped(uri=uri, complete=complete):
                self._post(PhoneTapped(uri, complete))
            case heard.DeviceState(device=name, state=state, detail=detail):
                log.info("%s is %s%s", name, state, f": {detail}" if detail else "")
                self._post(DeviceState(name, state, detail))
            case heard.PrinterStatus(device=name, status=status):
                self._post(DeviceState(name, "ready", "" if status == "ok" else status))
            case heard.Printed(job=reference):
                self._post(Printed(reference))
            case heard.NotPrinted(job=reference, reason=reason):
                log.warning("receipt %s is not printed: %s", reference, reason)
                self._post(Printed(reference, "no-paper" if reason == "no-paper" else "no-printer"))


def _nobody(answer: str) -> None:
    """No test is on the glass."""
