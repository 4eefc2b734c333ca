"""Photographs roll-outs and releases: `python -m tests.browser.rollout_shots docs/screens`. Kiosks are what they say they are; what
they say is put into the store by the ways kiosks' words take.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from fleet.broker.broker import start_broker
from fleet.config import Config
from fleet.serve import Fleet
from tests.browser.conftest import ARGS, PHONE
from tests.fleet.rollouts.shown import published, seed

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
        folder = Path(name)
        broker = start_broker(folder / "broker")
        config = Config(data=folder / "fleet", broker_port=broker.port, port=0, releases=published(folder))
        try:
            with Fleet(config) as fleet, sync_playwright() as playwright:
                stopped = seed(fleet)
                pages = {"rollouts": "/rollouts", "rollout": f"/rollouts/{stopped}", "releases": "/releases"}
                browser = playwright.chromium.launch(executable_path=program, args=list(ARGS))
                for view, size in (("", DESKTOP), ("-phone", PHONE)):
                    for scheme in ("light", "dark"):
                        context = browser.new_context(
                            base_url=fleet.url, viewport=size, device_scale_factor=1 if not view else 2,
                            color_scheme="dark" if scheme == "dark" else "light",
                        )  # fmt: skip
                        page = context.new_page()
                        for name, path in pages.items():
                            if view and scheme == "dark":
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
