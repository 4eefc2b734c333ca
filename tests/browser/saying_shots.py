"""Photographs alerts and live changes: `python -m tests.browser.saying_shots docs/screens`."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from fleet.broker.broker import start_broker
from tests.browser.conftest import ARGS, PHONE
from tests.browser.saying import said, spoken_of

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
QUALITY = 82


def main(arguments: list[str]) -> int:
    """0 where all were taken."""
    program = shutil.which("chromium")
    if program is None:
        print("shots: chromium is not installed: apt-get install chromium")  # noqa: T201
        return 1
    into = Path(arguments[0])
    with tempfile.TemporaryDirectory() as name:
        broker = start_broker(Path(name) / "broker")
        try:
            with spoken_of(Path(name), broker.port) as fleet, sync_playwright() as playwright:
                said(fleet)
                browser = playwright.chromium.launch(executable_path=program, args=list(ARGS))
                for view, size in (("", DESKTOP), ("-phone", PHONE)):
                    for scheme in ("light", "dark"):
                        context = browser.new_context(
                            base_url=fleet.url, viewport=size, device_scale_factor=1 if not view else 2,
                            color_scheme="dark" if scheme == "dark" else "light",
                        )  # fmt: skip
                        page = context.new_page()
                        for path in ("alerts", "live-changes"):
                            page.goto(f"/{path}")
                            page.locator("main .card").first.wait_for()
                            picture = Image.open(io.BytesIO(page.screenshot()))
                            where = into / f"{path}{view}{'-dark' if scheme == 'dark' else ''}.webp"
                            picture.save(where, quality=QUALITY, method=6)
                            print(where)  # noqa: T201
                        context.close()
                browser.close()
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
