"""`endcap fleet alert send | update | clear | list | cap | local`: what goes before everything on the walls.

`local` needs no fleet and no internet: it signs with the key at hand and speaks to a broker on the station's network.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from content.alerts import SEVERITIES, SIGNS, Alert, AlertSet, BadAlerts, Wording, write_alerts
from content.signing import key_id, public_bytes, sign
from fleet.cli.command import FLEET, Refused, call
from fleet.clock import now_ms
from fleet.live_changes.keys import BadLiveKey, load_live_key
from mqtt.client import Client
from mqtt.commands import Alerts, AlertState
from mqtt.messages import BadMessage, decode, encode
from mqtt.topics import Address, BadTopic

PATIENCE_S: Final = 15.0  # for a broker on the station's network, and for the kiosk behind it


def main(arguments: list[str] | None = None) -> int:
    """0: done; 1: not, with one line why."""
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except (Refused, BadAlerts, BadLiveKey, BadTopic, OSError) as error:
        print(f"endcap fleet alert: {error}", file=sys.stderr)
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet alert", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run in (("send", _send), ("update", _send), ("local", _local)):
        one = commands.add_parser(name)
        one.set_defaults(run=run, update=name == "update")
        if name == "update":
            one.add_argument("id")
        one.add_argument("kiosk", help="an address; for the fleet also a site or a glob")
        one.add_argument("--say", action="append", type=_said, default=[], metavar="TAG=HEADLINE|WHAT TO DO|WHAT HAPPENED",
                         help="in one language; once for each")  # fmt: skip
        one.add_argument("--severity", choices=SEVERITIES, default="severe")
        one.add_argument("--sign", choices=SIGNS, default="warning")
        one.add_argument("--minutes", type=int, default=0, help="0: until it is cleared")
        one.add_argument("--silent", action="store_true")
        one.add_argument("--exercise", action="store_true", help="the walls say so in every language")
        one.add_argument("--sender", default="")
        if name == "local":
            one.add_argument("--broker", required=True, metavar="HOST:PORT")
            one.add_argument("--key", type=Path, required=True, metavar="FILE", help="TENANT.alert.pem")
            one.add_argument("--clear", action="store_true", help="nothing is in force any more")
        else:
            _signed(one)
    clear = commands.add_parser("clear")
    clear.add_argument("id", help='as `list` names it; "*" is every one')
    clear.set_defaults(run=_clear)
    _signed(clear)
    shown = commands.add_parser("list")
    shown.add_argument("--fleet", default=FLEET, metavar="URL")
    shown.set_defaults(run=_list)
    cap = commands.add_parser("cap", help="a document of CAP 1.2; - reads it from the input")
    cap.add_argument("file", type=Path)
    cap.add_argument("--kiosk", default="", help="whom it is for, whatever its areas say")
    cap.add_argument("--by", required=True, metavar="NAME")
    cap.add_argument("--fleet", default=FLEET, metavar="URL")
    cap.set_defaults(run=_cap)
    return parser


def _signed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="NAME", help="who says it; kept")
    parser.add_argument("--why", required=True, metavar="TEXT")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")


def _said(text: str) -> tuple[str, Wording]:
    tag, sign_, rest = text.partition("=")
    headline, *more = rest.split("|")
    if not sign_ or not headline.strip() or len(more) > 2:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected de=Headline, or de=Headline|What to do|What happened"
        )
    instruction, description = (*more, "", "")[:2]
    return tag, Wording(headline.strip(), description.strip(), instruction.strip())


def _alert(options: argparse.Namespace, alert_id: str) -> Alert:
    return Alert(
        id=alert_id, words=dict(options.say), sender=options.sender, severity=options.severity, urgency="immediate",
        certainty="observed", sign=options.sign, until_ms=now_ms() + options.minutes * 60_000 if options.minutes else 0,
        audible=not options.silent, exercise=options.exercise,
    )  # fmt: skip


def _send(options: argparse.Namespace) -> int:
    alert = _alert(options, options.id if options.update else "")
    if options.update and not any(
        one["id"] == options.id and not one["cleared_ms"] for one in _all(options.fleet)
    ):
        raise Refused(f"{options.id}: no alert of that id stands")
    body = {"alert": msgspec.to_builtins(alert), "kiosk": options.kiosk, "by": options.by, "why": options.why}
    said = call(options.fleet, "/api/alerts", body)
    print(f"{said['id']}  said to {len(said['kiosks'])} kiosks")
    return 0


def _clear(options: argparse.Namespace) -> int:
    said = call(options.fleet, "/api/alerts/clear", {"id": options.id, "by": options.by, "why": options.why})
    print(f"cleared {', '.join(said['cleared']) or 'nothing: no alert stands'}")
    return 0


def _cap(options: argparse.Namespace) -> int:
    data = sys.stdin.buffer.read() if str(options.file) == "-" else options.file.read_bytes()
    try:
        document = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{options.file}: not UTF-8 at byte {error.start}") from None
    said = call(
        options.fleet, "/api/alerts/cap", {"document": document, "by": options.by, "kiosk": options.kiosk}
    )
    print(f"{', '.join(said['alerts']) or 'known already'}")
    return 0


def _all(fleet: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(fleet, "/api/alerts")["alerts"]
    return found


def _list(options: argparse.Namespace) -> int:
    for one in _all(options.fleet):
        shown = [at for at in one["kiosks"] if at["shown_ms"]]
        slowest = max((at["shown_ms"] - at["sent_ms"] for at in shown), default=0)
        over = f"cleared by {one['cleared_by']}" if one["cleared_ms"] else "stands"
        kind = "exercise" if one["exercise"] else one["severity"]
        print(
            f"{one['id']}  {kind}  {over}  shown on {len(shown)} of {len(one['kiosks'])} kiosks, the last after {slowest} ms"
            f"  {one['headline']}"
        )
        for at in one["kiosks"]:
            if not at["shown_ms"] and not one["cleared_ms"]:
                print(
                    f"    {at['kiosk']}  {at['refused'] or ('has it' if at['heard_ms'] else 'not heard of')}"
                )
    return 0


def _local(options: argparse.Namespace) -> int:
    """One whole set to one kiosk: what was in force there is replaced, also where its sender's clock was ahead of ours."""
    address = Address(*(options.kiosk.split("/") + [""] * 3)[:3])
    now = now_ms()
    alerts = () if options.clear else (_alert(options, f"local-{now}"),)
    key = load_live_key(options.key)

    def signed(version: int) -> bytes:
        said = AlertSet(kiosk=str(address), version=version, at_ms=now, alerts=alerts)
        body = write_alerts(said)
        signature = sign(key, "alert", address.tenant, body)
        return encode(Alerts(kid=key_id(public_bytes(key)), signature=signature, body=body))

    first = signed(now)
    host, _, port = options.broker.rpartition(":")
    if not host or not port.isdecimal():
        raise Refused(f"{options.broker!r}: HOST:PORT expected")
    answers = queue.SimpleQueue[AlertState]()

    def heard(_topic: str, payload: bytes) -> None:
        with contextlib.suppress(BadMessage):
            answers.put(decode(payload, AlertState))

    client = Client(host, int(port), f"alert-{now}", on_message=heard)
    client.subscribe(address.alert_states)
    client.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while not client.connected:
            if time.monotonic() > end:
                raise Refused(f"the broker at {options.broker} does not answer")
            time.sleep(0.05)
        client.publish(address.alerts, first, retain=True)
        return _followed(answers, options.clear, lambda above: client.publish(
            address.alerts, signed(above + 1), retain=True
        ))  # fmt: skip
    finally:
        client.stop()


def _followed(
    answers: queue.SimpleQueue[AlertState], clearing: bool, say_above: Callable[[int], object]
) -> int:
    """Print what the kiosk says, until it shows it or refuses it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            state = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            print("said; the kiosk has not answered that a screen shows it, and hears it when it comes")
            return 0
        print(f"{state.state}  {state.reason}  {state.detail}".rstrip())
        if state.state == "refused" and state.reason == "older":
            print("said again above it")
            say_above(state.version)
        elif state.state == "refused":
            return 1
        elif state.state == ("cleared" if clearing else "shown"):
            return 0
