"""The door for a technician's tools to the devices a running agent holds: JSON lines on a Unix socket of the agent's.

A tool writes one request a line and reads one answer a line; a line that cannot be understood is answered {"error": WHY}.

    {"do": "list"}                               -> {"devices": [report...], "found": [not configured...]}
    {"do": "watch"}                              -> {"watching": true}, then every event: {"event": "Scan", "device": ...}
    {"do": "trace", "device": NAME}              -> {"head": TEXT}, {"tracing": NAME}, then {"line": TEXT} as in devices.trace;
                      "card_numbers": true          with what is withheld otherwise
    {"do": "lend", "device": NAME}               -> {"lent": NAME}, then its events; until the connection ends the device
                                                    is the tool's, and absent to the kiosk
    and on a connection that has been lent to:   -> {"done": true}, false where the device cannot or will not
    {"do": "arm", "on": true}  {"do": "trigger", "on": true}  {"do": "signal", "good": true}
    {"do": "offer", "uri": URI}  {"do": "print", "job": NAME, "pieces": [HEX...]}
    {"do": "show", "step": NAME, ...}            -> {"shown": true}, or false and "why"; fields as in Glass. What is
                                                    answered on the glass: {"answer": "yes" | "no" | "stopped"}

The socket is the agent's account's alone. A tool that does not read loses lines, which it is told: {"lost": N}.
"""

from __future__ import annotations

import json
import logging
import queue
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from devices.events import DeviceEvent
from devices.supervision.loan import Loan
from devices.supervision.manager import Manager
from devices.supervision.supervisor import Supervisor
from devices.technician.plain import event_as_plain, found_as_plain, report_as_plain
from devices.trace import Line, head_of, line_of

log = logging.getLogger(__name__)

MOST_TOOLS = 8
MOST_WAITING = 2000  # lines for a tool that does not read
VERDICTS = ("passed", "failed")
GLASS_S = 2.0  # for the glass to say whether it shows a step
MOST_LINE = 1 << 20  # bytes of one request: a receipt as a picture


class BadRequest(ValueError):
    """A tool asked for what there is not."""


@dataclass(frozen=True, slots=True)
class GlassStep:
    """A step of a guided test as the glass shows it, for `patience_s` at most."""

    device: str
    step: str
    code: str = ""
    number: int = 1
    steps: int = 1
    asks: bool = False
    detail: str = ""
    patience_s: float = 60.0


class Glass(Protocol):
    """The agent's screen, lent to one test at a time."""

    def show(self, step: GlassStep, answered: Callable[[str], None]) -> None:
        """Show a step; `answered` is told shown or busy, then yes, no, stopped. Returns at once."""

    def clear(self, answered: Callable[[str], None], *, now: bool) -> None:
        """The test of whoever gave `answered` is over. Not `now`: its verdict stays for as long as was said."""


class Service:
    """Listens at `path` and serves tools, each in threads of its own."""

    def __init__(self, manager: Manager, path: Path, glass: Glass | None = None) -> None:
        self._manager, self._path, self._glass = manager, path, glass
        self._tools: set[_Tool] = set()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="devices-service", daemon=True)

    def start(self) -> None:
        """Begin to listen. Raises OSError."""
        self._path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            server.bind(str(self._path))
            self._path.chmod(0o600)
            server.listen(MOST_TOOLS)
        except OSError:
            server.close()
            raise
        self._socket = server
        self._thread.start()

    def stop(self) -> None:
        """Send every tool away and end; what was lent is given back."""
        if self._socket is None:
            return
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            tools = list(self._tools)
        for tool in tools:
            tool.end()

    def _run(self) -> None:
        assert self._socket is not None
        while True:
            try:
                wire, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                if len(self._tools) >= MOST_TOOLS:
                    wire.close()
                    continue
                tool = _Tool(wire, self._manager, self._glass, self._left)
                self._tools.add(tool)
            tool.start()

    def _left(self, tool: _Tool) -> None:
        with self._lock:
            self._tools.discard(tool)


class _Tool:
    """One connection: one thread reads requests, one writes what waits."""

    def __init__(
        self,
        wire: socket.socket,
        manager: Manager,
        glass: Glass | None,
        left: Callable[[_Tool], None],
    ) -> None:
        self._wire, self._manager, self._glass, self._left = wire, manager, glass, left
        self._seen: queue.Queue[str] = queue.Queue()  # what the glass says to a step: shown | busy
        self._showing = self._judged = False
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._changed = threading.Condition()
        self._over = False
        self._loan: Loan | None = None
        self._undo: list[Callable[[], None]] = []
        self._reader = threading.Thread(target=self._read, name="devices-tool-in", daemon=True)
        self._writer = threading.Thread(target=self._write, name="devices-tool-out", daemon=True)

    def start(self) -> None:
        self._reader.start()
        self._writer.start()

    def end(self) -> None:
        """Hang up, and wait until both threads have ended."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._reader.join()

    def _read(self) -> None:
        try:
            with self._wire.makefile("rb") as lines:
                while row := lines.readline(MOST_LINE):
                    self._say(self._answer(row))
        except OSError:
            pass  # hung up
        finally:
            for undo in reversed(self._undo):
                undo()
            with self._changed:
                self._over = True
                self._changed.notify()
            self._writer.join()
            self._wire.close()
            self._left(self)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._over)
                if not self._waiting:
                    break
                row = self._waiting.popleft()
                lost, self._lost = self._lost, 0
            try:
                if lost:
                    self._wire.sendall(b'{"lost": %d}\n' % lost)
                self._wire.sendall(row.encode() + b"\n")
            except OSError:
                break
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def _say(self, answer: dict[str, Any]) -> None:
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self._lost += 1
                return
            self._waiting.append(json.dumps(answer, ensure_ascii=False))
            self._changed.notify()

    def _hear(self, event: DeviceEvent) -> None:
        self._say(event_as_plain(event))

    # --- requests ---------------------------------------------------------------------------------------------

    def _answer(self, row: bytes) -> dict[str, Any]:
        try:
            request = json.loads(row)
            if not isinstance(request, dict):
                raise BadRequest("expected an object")
            match request.get("do"):
                case "list":
                    return self._list()
                case "watch":
                    return self._watch()
                case "trace":
                    return self._trace(request)
                case "lend":
                    return self._lend(request)
                case "show":
                    return self._show(request)
                case what if self._loan is not None:
                    return {"done": self._loan.command(what, request)}
                case what:
                    raise BadRequest(f"{what!r}: expected list, watch, trace or lend")
        except (ValueError, KeyError, TypeError) as error:
            missing = f"expected {error}" if isinstance(error, KeyError) else str(error)
            return {"error": missing}

    def _list(self) -> dict[str, Any]:
        reports, host = self._manager.snapshot(), self._manager.host
        taken = [report.place for report in reports]
        return {
            "devices": [report_as_plain(report) for report in reports],
            "found": found_as_plain(host.bus.present(), host.known(), taken),
        }

    def _watch(self) -> dict[str, Any]:
        self._undo.append(self._manager.watch(self._hear))
        return {"watching": True}

    def _trace(self, request: dict[str, Any]) -> dict[str, Any]:
        device = self._device(request)
        if device.listened:
            raise BadRequest(f"{device.setting.name}: is traced already")

        def tell(line: Line) -> None:
            self._say({"line": line_of(line)})

        head = head_of(device.setting.model, f"recorded at {device.setting.port}", device.descriptor)
        self._say({"head": head})
        device.listen(tell, card_numbers=request.get("card_numbers") is True)
        self._undo.append(lambda: device.listen(None))
        return {"tracing": device.setting.name}

    def _lend(self, request: dict[str, Any]) -> dict[str, Any]:
        device = self._device(request)
        loan = None if self._loan is not None else device.lend(self._hear)
        if loan is None:
            raise BadRequest(f"{device.setting.name}: is lent already")
        self._loan = loan
        self._undo.append(loan.end)
        return {"lent": device.setting.name, "state": device.state}

    def _show(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._loan is None:
            raise BadRequest("show: nothing is lent to this connection")
        glass = self._glass
        if glass is None:
            return {"shown": False, "why": "this agent has no glass"}
        if not self._showing:
            self._showing = True
            self._undo.append(lambda: glass.clear(self._answered, now=not self._judged))
        fields = {name: value for name, value in request.items() if name != "do"}
        self._judged = request.get("step") in VERDICTS
        glass.show(GlassStep(**{"device": self._loan.name, **fields}), self._answered)
        try:
            said = self._seen.get(timeout=GLASS_S)
        except queue.Empty:
            return {"shown": False, "why": "the glass does not answer"}
        return (
            {"shown": True}
            if said == "shown"
            else {"shown": False, "why": "somebody is buying, or another test is shown"}
        )

    def _answered(self, answer: str) -> None:
        """From the owner's thread."""
        if answer in ("shown", "busy"):
            self._seen.put(answer)
        else:
            self._say({"answer": answer})

    def _device(self, request: dict[str, Any]) -> Supervisor:
        name = str(request["device"])
        devices = self._manager.devices
        if name not in devices:
            raise BadRequest(f"no device {name!r}; there are {', '.join(devices) or 'none'}")
        return devices[name]
