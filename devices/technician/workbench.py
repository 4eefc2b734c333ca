"""A peripheral on a technician's bench: borrowed from the running agent, or opened here where none runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from devices.models import Setting
from devices.supervision.loan import Loan
from devices.supervision.manager import Manager
from devices.supervision.opening import THIS_HOST, Host
from devices.technician.plain import event_as_plain
from devices.technician.service_client import Client, Refused

ANSWER_S = 10.0
Heard = Mapping[str, Any]


class Workbench(Protocol):
    """One device, ours for now."""

    def command(self, what: str, fields: Mapping[str, Any]) -> bool:
        """Have it do something (devices.technician.service); False where it cannot."""

    def show(self, fields: Mapping[str, Any]) -> str:
        """Show a step on the glass: "" where it is shown, else why not."""

    def next(self, patience_s: float) -> Heard | None:
        """What happens next: an event (devices.technician.plain) or {"answer": ...}; None where nothing does in time."""

    def close(self) -> None:
        """Give it back."""


class Borrowed:
    """From the agent at `socket`. Raises NoAgent, Refused where it is lent already or somebody is buying, TimeoutError
    where it is not ready, saying how it is, OSError where the agent ends.

    The glass is asked for before the device: whoever is about to hold a card to it keeps it. `force` takes it all the same.
    """

    def __init__(self, socket: Path, name: str, *, force: bool = False) -> None:
        self._client = Client(socket)
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._answers: queue.Queue[Heard] = queue.Queue()
        try:
            for one in self._client.ask(do="list")["devices"]:
                if one["name"] == name and one["state"] != "ready":
                    raise _not_ready(name, one["state"], one["error"], one["remedy"])
            if not force:
                why = str(self._client.ask(do="show", device=name, step="wait").get("why", ""))
                if "buying" in why:
                    raise Refused(f"{why}; wait until the wall is free, or --force")
            self.state = str(self._client.ask(do="lend", device=name)["state"])
        except BaseException:
            self._client.close()
            raise
        self._thread = threading.Thread(target=self._listen, name="workbench", daemon=True)
        self._thread.start()

    def command(self, what: str, fields: Mapping[str, Any]) -> bool:
        """See Workbench."""
        return self._ask(do=what, **fields).get("done") is True

    def show(self, fields: Mapping[str, Any]) -> str:
        """See Workbench."""
        return str(self._ask(do="show", **fields).get("why", ""))

    def next(self, patience_s: float) -> Heard | None:
        """See Workbench."""
        return _within(self._heard, patience_s)

    def close(self) -> None:
        """See Workbench."""
        self._client.hang_up()
        self._thread.join()
        self._client.close()

    def _ask(self, **request: Any) -> Heard:
        self._client.send(**request)
        try:
            answer = self._answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise ConnectionError("the agent does not answer") from None
        if "error" in answer:
            raise Refused(answer["error"])
        if "hung-up" in answer:
            raise ConnectionError("the agent has ended")
        return answer

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                try:
                    line = self._client.next(None)
                except Refused as error:
                    line = {"error": str(error)}
                if "lost" in line:
                    continue  # of what happened too fast for us
                (self._heard if "event" in line or "answer" in line else self._answers).put(line)
        self._answers.put({"hung-up": True})
        self._heard.put({"answer": "stopped"})


class Opened:
    """Opened by this program. Raises TimeoutError where it is not ready within `patience_s`, saying how it is."""

    def __init__(self, setting: Setting, host: Host = THIS_HOST, patience_s: float = 5.0) -> None:
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._manager = Manager([setting], lambda event: None, host)
        device = self._manager.devices[setting.name]
        loan = device.lend(lambda event: self._heard.put(event_as_plain(event)))
        assert loan is not None, "nobody else has it"
        self._loan: Loan = loan
        self._manager.start()
        self.state = "opening"
        while self.state in ("opening", "absent"):
            event = self.next(patience_s)
            if event is None or (event["event"] == "DeviceState" and event["state"] in ("failed", "lost")):
                report = device.report()
                self.close()
                raise _not_ready(setting.name, report.state, report.error, report.remedy)
            if event["event"] == "DeviceState":
                self.state = str(event["state"])

    def command(self, what: str, fields: Mapping[str, Any]) -> bool:
        """See Workbench."""
        return self._loan.command(what, fields)

    def show(self, fields: Mapping[str, Any]) -> str:
        """See Workbench."""
        return "no kiosk runs here: what to do is said in this terminal alone"

    def next(self, patience_s: float) -> Heard | None:
        """See Workbench."""
        return _within(self._heard, patience_s)

    def close(self) -> None:
        """See Workbench."""
        self._loan.end()
        self._manager.stop()


def _not_ready(name: str, state: str, error: str, remedy: str) -> TimeoutError:
    return TimeoutError(f"{name} is {state}: {error or 'nothing is there'}. {remedy}".strip())


def _within(heard: queue.Queue[Heard], patience_s: float) -> Heard | None:
    try:
        return heard.get(timeout=patience_s)
    except queue.Empty:
        return None
