"""The door for a technician's tools to the devices a running agent holds: JSON lines on a Unix socket of the agent's.

A tool writes one request a line and reads one answer a line; a line that cannot be understood is answered {"error": WHY}.

    {"do": "list"}                               -> {"devices": [report...], "found": [not configured...]}
    {"do": "watch"}                              -> {"watching": true}, then every event: {"event": "Scan", "device": ...}
    {"do": "trace", "device": NAME}              -> {"head": TEXT}, {"tracing": NAME}, then {"line": TEXT} as in devices.trace;
                      "card_numbers": true          with what is withheld otherwise
    {"do": "lend", "device": NAME}               -> {"lent": NAME}, then its events; until the connection ends the device
                                                    is the tool's, and absent to the kiosk
    {"do": "show", "device": NAME, "step": "wait"}   before it: whoever is buying keeps the device
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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
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
MOST_HELD = 8 << 20  # characters of them: a traced receipt comes in long ones
LAST_S = 2.0  # for a tool that has said all to read what is left
AGAIN_S = 0.5  # until the next try to let a tool in
VERDICTS = ("passed", "failed")
GLASS_S = 2.0  # for the glass to say whether it shows a step
MOST_LINE = 1 << 20  # bytes of one request: a receipt as a picture
MOST_TEXT = 500  # characters of anything on the glass
LONGEST_S = 180.0  # a step may stay on the glass


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


def step_of(device: str, request: Mapping[str, Any]) -> GlassStep:
    """The step that a tool asks to be shown. Raises BadRequest, TypeError for a field that is none, ValueError."""
    words = {"device": device, **{name: value for name, value in request.items() if name != "do"}}
    for one in fields(GlassStep):
        kind = str if one.default is MISSING else type(one.default)
        value = words.get(one.name, "" if kind is str else one.default)
        if not isinstance(value, (int, float) if kind is float else kind):
            raise BadRequest(f"{one.name}: expected a {kind.__name__}, got {str(value)[:60]!r}")
        if isinstance(value, str) and len(value.encode()) > MOST_TEXT:  # ValueError for half a surrogate pair
            raise BadRequest(f"{one.name}: expected at most {MOST_TEXT} characters")
    step = GlassStep(**words)
    return replace(step, patience_s=min(max(0.0, step.patience_s), LONGEST_S))


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
        self._ending = threading.Event()
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
        self._ending.set()
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
        while not self._ending.is_set():
            try:
                wire, _ = self._socket.accept()
            except OSError as error:  # its end, or too many open files for now
                if not self._ending.is_set():
                    log.warning("a tool could not be let in: %s", error)
                self._ending.wait(AGAIN_S)
                continue
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
        self._lost = self._held = 0
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
                    if len(row) == MOST_LINE and not row.endswith(b"\n"):
                        self._say({"error": f"expected a line of at most {MOST_LINE} bytes"})
                        break
                    self._say(self._answer(row))
        except OSError:
            pass  # hung up
        finally:
            self._give_back()
            with self._changed:
                self._over = True
                self._changed.notify()
            self._writer.join(LAST_S)
            with suppress(OSError):  # ends a write to whoever does not read
                self._wire.shutdown(socket.SHUT_RDWR)
            self._writer.join()
            self._wire.close()
            self._left(self)

    def _give_back(self) -> None:
        for undo in reversed(self._undo):
            try:
                undo()
            except Exception:  # the others must be done all the same
                log.exception("something that a tool had could not be given back")

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._over)
                if not self._waiting:
                    break
                row = self._waiting.popleft()
                self._held -= len(row)
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
        row = json.dumps(answer)
        with self._changed:
            if len(self._waiting) >= MOST_WAITING or self._held + len(row) > MOST_HELD:
                self._lost += 1
                return
            self._waiting.append(row)
            self._held += len(row)
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
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            missing = f"expected {error}" if isinstance(error, KeyError) else str(error)
            return {"error": missing}
        except (
            Exception
        ) as error:  # a device's, or a fault of ours: the tool is told, and may ask for something else
            log.exception("a tool's request could not be carried out")
            return {"error": str(error) or type(error).__name__}

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
        name = self._loan.name if self._loan is not None else self._device(request).setting.name
        glass = self._glass
        if glass is None:
            return {"shown": False, "why": "this agent has no glass"}
        step = step_of(name, request)
        if not self._showing:
            self._showing = True
            self._undo.append(lambda: glass.clear(self._answered, now=not self._judged))
        with suppress(queue.Empty):
            while True:  # what the glass said too late to the step before
                self._seen.get_nowait()
        self._judged = step.step in VERDICTS
        glass.show(step, self._answered)
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
