"""Photographs the pages about kiosks on a bad morning: `python -m tests.browser.fleet_shots docs/screens`."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from fleet.broker.broker import start_broker
from fleet.clock import now_ms
from fleet.config import Config
from fleet.serve import Fleet
from tests.browser.conftest import ARGS, PHONE
from tests.fleet.pages.fleets import bad_morning, day_of, many

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
QUALITY = 82
PAGES = {
    "fleet": "/fleet",
    "fleet-kiosk": "/fleet/metro/central/K1",
    "fleet-kiosk-missing": "/fleet/metro/central/K4",
    "fleet-hours": "/fleet/hours",
}


def main(arguments: list[str]) -> int:
    """0 where all were taken."""
    program = shutil.which("chromium")
    if program is None:
        print("shots: chromium is not installed: apt-get install chromium")  # noqa: T201
        return 1
    into = Path(arguments[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = start_broker(folder / "broker")
        config = Config(data=folder / "fleet", broker_port=broker.port, port=0)
        try:
            with Fleet(config) as fleet, sync_playwright() as playwright:
                _seed(fleet)
                browser = playwright.chromium.launch(executable_path=program, args=list(ARGS))
                for view, size in (("", DESKTOP), ("-phone", PHONE)):
                    for scheme in ("light", "dark"):
                        context = browser.new_context(
                            base_url=fleet.url, viewport=size, device_scale_factor=1 if not view else 2,
                            color_scheme="dark" if scheme == "dark" else "light",
                        )  # fmt: skip
                        page = context.new_page()
                        for name, path in PAGES.items():
                            if scheme == "dark" and name != "fleet":
                                continue
                            page.goto(path)
                            page.locator("main .card").first.wait_for()
                            picture = Image.open(io.BytesIO(page.screenshot()))
                            where = into / f"{name}{view}{'-dark' if scheme == 'dark' else ''}.webp"
                            picture.save(where, quality=QUALITY, method=6)
                            print(where)  # noqa: T201
                        context.close()
                browser.close()
        finally:
            broker.stop()
    return 0


def _seed(fleet: Fleet) -> None:
    now = now_ms()
    many(
        fleet.store,
        (
            f"metro/{site}/{site[:2].upper()}{number:02}"
            for site in ("airport", "oldtown", "riverside")
            for number in range(1, 41)
        ),
        now,
    )
    for number in range(1, 6):
        fleet.store.commit(day_of(f"metro/airport/AI{number:02}", now, number))
    bad_morning(fleet.store, now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
