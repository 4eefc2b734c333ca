"""Bar code scanners on USB in HID-POS mode, on hidraw or libusb."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from devices.drivers.base import merged
from devices.drivers.line_scanner import Named
from devices.errors import ProtocolError, Timeout
from devices.events import DeviceEvent, Scan
from devices.protocol.commands import Commands
from devices.protocol.hidpos import HidPosParser, Message
from devices.protocol.hidpos_layout import (
    ERROR_BEEP,
    GOOD_BEEP,
    INITIATE_READ,
    PREVENT_READ,
    Channel,
    Layout,
    Outputs,
    layouts,
)
from devices.transport.base import ReportTransport, Transport

log = logging.getLogger(__name__)

WRITE_S = 0.5  # for one report; a scanner takes it within milliseconds
ANSWER_S = 2.0  # a Voyager's answer to a command comes in seven reports
MOST_WAITING = 16  # reports that are to be sent; the newest count

Clock = Callable[[], float]


class HidPosScanner:
    """Turns reports into Scan events: CanTrigger, CanSignal, where its descriptor or its command family has something for it.

    `layouts` and `channel` are for makers whose descriptor says nothing; `commands` for those that take the commands of
    their serial models in reports. Raises ProtocolError where the device is no such scanner.
    """

    def __init__(
        self,
        name: str,
        transport: ReportTransport,
        fallback: Sequence[Layout] = (),
        channel: Channel | None = None,
        commands: Commands | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._name, self._transport, self._commands, self._clock = name, transport, commands, clock
        self._parser = HidPosParser(layouts(transport.descriptor, fallback))
        self._outputs = Outputs(transport.descriptor, channel)
        self._out: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._answer_until = 0.0
        self._counted = dict.fromkeys(("scans", "answers", "refused"), 0)

    def start(self) -> None:
        """Have a Honeywell send its scans here and not as keys. Raises Gone."""
        redirect = self._outputs.redirect()
        if redirect:
            try:
                self._transport.feature(redirect, WRITE_S)
            except (ProtocolError, Timeout) as error:  # it does not know its own report: nothing to redirect
                log.info("%s: %s", self._name, error)
                self._counted["refused"] += 1

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Send what waits; wait for a report, or for the silence that ends a code."""
        self._send()
        due = self._parser.wait_s(self._clock())
        report = self._transport.read(timeout_s if due is None else min(timeout_s, due))
        now = self._clock()
        found = self._parser.feed(report, now) if report else self._parser.timeout(now)
        return [
            Scan(self._name, one.data, one.text, one.aim, now) for one in found if self._scanned(one, now)
        ]

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def trigger(self, on: bool) -> None:
        """See CanTrigger: by its own trigger report, else by its family's command."""
        button = self._outputs.button(INITIATE_READ if on else PREVENT_READ)
        self._say(button, self._commands.trigger(on) if self._commands else b"")

    def signal(self, good: bool) -> None:
        """See CanSignal."""
        button = self._outputs.button(GOOD_BEEP if good else ERROR_BEEP)
        self._say(button, self._commands.signal(good) if self._commands else b"")

    def ask(self, command: bytes) -> None:
        """Send a vendor's command (serial syntax); its answer is counted and is no scan. From any thread."""
        self._say(None, command)

    def counters(self) -> dict[str, int]:
        """See Driver."""
        parser = self._parser
        parsed = {
            "strange": parser.strange,
            "miscounted": parser.miscounted,
            "unended": parser.unended,
            "dropped": parser.dropped,
        }
        return merged(self._counted, parsed)

    def close(self) -> list[DeviceEvent]:
        """A code cut off by the unplug is no code."""
        self._parser.reset()
        self._transport.close()
        return []

    def _say(self, button: bytes | None, command: bytes) -> None:
        channel = self._outputs.channel
        if button:
            self._out.append(button)
        elif command and channel:
            self._out.extend(channel.reports(command))
            if self._commands is None or self._commands.answered(command):
                self._answer_until = self._clock() + ANSWER_S
        self._transport.wake()

    def _send(self) -> None:
        while self._out:
            try:
                self._transport.write(self._out.popleft(), WRITE_S)
            except (ProtocolError, Timeout) as error:  # scanning goes on without a beep
                log.info("%s: %s", self._name, error)
                self._counted["refused"] += 1

    def _scanned(self, message: Message, now: float) -> bool:
        """Whether it is a code, and no answer to a command: "]X0" while one is awaited, "]Z" at the end of one."""
        answer = not message.scanned or (message.aim == "]X0" and now < self._answer_until)
        if not message.scanned:
            self._answer_until = 0.0
        self._counted["answers" if answer else "scans"] += 1
        return not answer


def hidpos_scanner(
    *fallback: Layout, channel: Channel | None = None, commands: Commands | None = None
) -> Callable[[Named, Transport], HidPosScanner]:
    """For a declaration (devices.models.Model): the layouts of its reports where its descriptor hides them, and its commands."""

    def drive(setting: Named, wire: Transport) -> HidPosScanner:
        if not isinstance(wire, ReportTransport):
            raise TypeError(f"{setting.name}: a HID-POS scanner needs a HID wire, not {type(wire).__name__}")
        return HidPosScanner(setting.name, wire, fallback, channel, commands)

    return drive
