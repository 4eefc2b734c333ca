"""`endcap fleet command KIOSK WHAT --by NAME --why TEXT`: have kiosks do something, and see what comes of it.

KIOSK is an address (tenant/site/kiosk), a site (tenant/site), a glob over kiosks that were heard of ("demo/*/K1"), or a
kiosk's name where only one has it. Talks to the fleet on this machine; the states are docs/commands.md's.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from fleet.operating.commands import KINDS

FLEET: Final = "http://127.0.0.1:8080"
LOOK_S: Final = 0.3
ENDINGS: Final = {"image/webp": ".webp", "text/plain": ".txt", "application/gzip": ".log.gz"}
AT_ONCE: Final = 100  # ids in one question


class Refused(RuntimeError):
    """The fleet does not do it, or is not there; one line."""


def main(arguments: list[str] | None = None) -> int:
    """0: given, and with --wait done everywhere; 1: not."""
    options = _parser().parse_args(arguments)
    try:
        said = call(
            options.fleet, "/api/commands",
            {
                "kiosk": options.kiosk, "what": options.what, "by": options.by, "why": options.why, "valid_s": options.valid,
                "force": options.force, "arguments": dict(options.set),
            },
        )  # fmt: skip
        given = said["commands"]
        for one in given:
            print(f"{one['id']}  {one['kiosk']}  sent", flush=True)
        return _follow(options, [one["id"] for one in given]) if options.wait or options.save else 0
    except Refused as error:
        print(f"endcap fleet command: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet command", description=__doc__)
    parser.add_argument("kiosk")
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("--by", required=True, metavar="NAME", help="who asks; it is told and kept")
    parser.add_argument("--why", required=True, metavar="TEXT")
    parser.add_argument("--set", action="append", type=_pair, default=[], metavar="NAME=VALUE",
                        help="seconds=30, colour=red (identify); minutes=60 (collect-logs); device=printer (self-test)")  # fmt: skip
    parser.add_argument(
        "--valid",
        type=int,
        default=60,
        metavar="SECONDS",
        help="not begun by then, it is expired (default %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="even while somebody pays")
    parser.add_argument("--wait", action="store_true", help="print each state until the end")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="wait, and put the results there")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r}: NAME=VALUE expected")
    return name, value


def _follow(options: argparse.Namespace, ids: list[str]) -> int:
    """Print states as they come, then one table of how it ended everywhere."""
    printed: dict[str, int] = {}
    entries: list[dict[str, Any]] = []
    while True:
        entries = [entry for some in _chunks(ids) for entry in _states(options.fleet, some)]
        for entry in entries:
            states = entry["states"]
            for state, _, reason, detail in states[printed.get(entry["id"], 0) :]:
                print(
                    "  ".join(part for part in (entry["id"], entry["kiosk"], state, reason, detail) if part),
                    flush=True,
                )
            printed[entry["id"]] = len(states)
        if all(entry["over"] for entry in entries):
            break
        time.sleep(LOOK_S)
    if len(entries) > 1:
        _table(entries)
    if options.save:
        _save(options, entries)
    return 0 if all(entry["state"] == "done" for entry in entries) else 1


def _chunks(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def _states(fleet: str, ids: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(fleet, f"/api/commands?ids={','.join(ids)}")["commands"]
    return found


def _table(entries: list[dict[str, Any]]) -> None:
    width = max(len(entry["kiosk"]) for entry in entries)
    print()
    for entry in sorted(entries, key=lambda one: (one["state"], one["kiosk"])):
        print(f"{entry['kiosk']:{width}}  {entry['state']:8}  {entry['reason']}".rstrip())
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry["state"]] = counts.get(entry["state"], 0) + 1
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))


def _save(options: argparse.Namespace, entries: list[dict[str, Any]]) -> None:
    options.save.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        if not entry["size"]:
            continue
        data = fetch(options.fleet, f"/commands/{entry['id']}/result")
        path = options.save / f"{entry['kiosk'].replace('/', '-')}-{entry['id']}{ENDINGS[entry['media']]}"
        path.write_bytes(data)
        print(path)


def call(fleet: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the fleet answers. Raises Refused."""
    try:
        said: dict[str, Any] = json.loads(fetch(fleet, path, body))
    except ValueError:
        raise Refused(f"what answers at {fleet} is no fleet of ours") from None
    return said


def fetch(fleet: str, path: str, body: dict[str, Any] | None = None) -> bytes:
    """The bytes the fleet answers. Raises Refused."""
    try:
        with httpx.Client(base_url=fleet, timeout=30, trust_env=False) as client:
            answer = client.get(path) if body is None else client.post(path, json=body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(f"the fleet at {fleet} cannot be asked: {error}") from None
    if answer.is_success:
        return answer.content
    try:
        why = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        why = f"the fleet at {fleet} says {answer.status_code} {answer.reason_phrase}"
    raise Refused(why)
