"""`endcap devices test`: lead a technician through a test of one peripheral, with a verdict at its end."""

from __future__ import annotations

import argparse
import secrets
import select
import sys
from pathlib import Path

from devices import registry
from devices.models import Setting
from devices.settings import BadSettings
from devices.technician.guide import Show, script_for
from devices.technician.guided_test import Run
from devices.technician.service_client import NoAgent
from devices.technician.workbench import Borrowed, Opened, Workbench

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"  # both cases: a caps lock is found out
URI = "https://shop.example/device-test"
OUTCOMES = {"passed": 0, "failed": 1, "stopped": 2}


def run(options: argparse.Namespace, settings: list[Setting], socket: Path | None) -> int:
    """0 passed, 1 failed, 2 stopped or not begun. Raises BadSettings, Refused, OSError."""
    setting = setting_of(options, settings)
    bench = bench_for(setting, socket if setting in settings else None, force=options.force)
    try:
        return _play(options, setting, bench)
    finally:
        bench.close()


def setting_of(options: argparse.Namespace, settings: list[Setting]) -> Setting:
    """The device that is meant: by its name in the configuration, or by model and port. Raises BadSettings."""
    if options.model:
        model = registry.models().get(options.model)
        if model is None:
            raise BadSettings(f"no model {options.model!r}; there are {', '.join(registry.models())}")
        return Setting(model.kind, options.model, options.port, secrets.token_bytes(32))
    for setting in settings:
        if setting.name == options.name:
            return setting
    names = ", ".join(setting.name for setting in settings) or "none (where is the kiosk's TOML? --config)"
    raise BadSettings(
        f"no device {options.name!r} in the configuration; there are {names}. Or: --model, --port"
    )


def bench_for(setting: Setting, socket: Path | None, *, force: bool = False) -> Workbench:
    """Borrowed from the agent where one runs, else opened here. Raises Refused, OSError."""
    if socket is not None:
        try:
            return Borrowed(socket, setting.name, force=force)
        except NoAgent:
            pass
    return Opened(setting)


def _play(options: argparse.Namespace, setting: Setting, bench: Workbench) -> int:
    kind = registry.model(setting.model).kind
    code = "ENDCAP-" + "".join(secrets.choice(LETTERS) for _ in range(6))
    heading = f"{setting.name}: {setting.model}"
    script, steps = script_for(kind, code=code, uri=URI, heading=heading, plug=options.plug)
    verdict = Run(setting.name, bench, Console(), steps).play(script)
    print(f"{verdict.outcome.upper()} {setting.name} ({setting.model}): {verdict.found}".rstrip(": "))
    if verdict.remedy:
        print(f"  {verdict.remedy}")
    return OUTCOMES[verdict.outcome]


class Console:
    """The terminal this program runs in."""

    def say(self, show: Show, number: int, steps: int) -> None:
        """See Terminal."""
        print(f"{number}/{steps}  {show.text}", flush=True)
        if show.detail:
            print(f"     {show.detail}", flush=True)
        if show.code and not show.detail:
            print(drawn(show.code), flush=True)

    def note(self, text: str) -> None:
        """See Terminal."""
        print(f"     ({text})", flush=True)

    def answer(self) -> str:
        """See Terminal."""
        if (
            sys.stdin is None or not select.select([sys.stdin], [], [], 0)[0]
        ):  # None: closed by whoever started us
            return ""
        line = sys.stdin.readline().strip().lower()
        return {"y": "yes", "yes": "yes", "n": "no", "no": "no"}.get(line, "")


def drawn(code: str) -> str:
    """A QR code of half blocks, light on dark terminals and dark on light ones alike: it brings its own ground."""
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_M

    qr = QRCode(error_correction=ERROR_CORRECT_M, border=2)
    qr.add_data(code)
    rows = [list(map(bool, row)) for row in qr.get_matrix()]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    lines = (
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(f"\x1b[30;47m{line}\x1b[0m" for line in lines)
