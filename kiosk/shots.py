"""Pictures of every screen for docs/screens: `python -m kiosk.shots FOLDER`, `make shots`.

The demo store is imported, the core presents its views (kiosk.scenes), the real screen program draws them without a
display. Kivy has one window per process, so each panel is a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct, structs
from PIL import Image

from content.feed.problems import Problems
from content.importer import Source, import_feed
from content.store import OpenStore
from kiosk.core.facings import facing_of
from kiosk.core.settings import Place
from kiosk.core.terms import links_of
from kiosk.scenes import MONO_MS, NOON_MS, TERMS, picks_of, scenes
from kiosk.shop import shop_of
from kiosk.views import Facing, Panel, Pay, View

DEMO = Path(__file__).resolve().parent.parent / "content" / "demo"
LONG_SIDE = 960  # pixels of a picture in the docs
QUALITY = 82  # of WebP: some 30 kB a picture
PATIENCE = 300  # seconds for all pictures of a panel


class Shoot(Struct, frozen=True):
    """What is photographed on one panel: (scene, language) pairs."""

    panel: Panel
    title: str
    scenes: tuple[tuple[str, str], ...]
    reach: bool = False


OPENED = {"basket-along": "along"}  # scenes with a sheet over them, and the tap that opens it
_JOURNEY = ("attract-0", "wall", "product", "basket", "choose", "pay-link-waiting", "thanks-printing")
_LANGUAGE = ("wall", "product", "product-recalled", "basket", "choose", "pay-epc-waiting", "thanks-no-paper")
_MORE = (
    "attract-2", "product-new", "basket-empty", "choose-no-reader", "notice", "idle", "pay-link-asking",
    "pay-link-scanned", "pay-card", "pay-link-confirming", "pay-link-cancelling", "pay-link-late", "problem-declined",
    "problem-expired", "problem-unsure", "closed-maintenance", "closed-out-of-service", "identify", "asleep", "alert-fire", "alert-flood", "alert-exercise", "alert-minor", "alert-moderate", "alert-two", "test-scan", "test-failed", "wall-new", "code-entry", "code-asked", "code-ready",
    "code-handed-over", "code-refunded", "code-partly", "code-unknown", "code-offline", "basket-along", "choose-many",
    "choose-none", "pay-promptpay-waiting", "pay-lightning-waiting", "problem-too-dense", "product-recalled", "problem-recalled", "enrol-waiting", "enrol-reaching", "enrol-rejected", "enrol-welcome",
)  # fmt: skip
_MANY_SCHEMES = (
    ("choose-many", "zh"),
    ("choose-many", "de"),
    ("pay-wechat-waiting", "zh"),
    ("pay-swiss-waiting", "de"),
    ("pay-duitnow-waiting", "ar"),
    ("basket-along", "ar"),
)
_TICKER = (
    ("ticker-attract-0", "de"), ("ticker-attract-3", "en"), ("ticker-attract-1", "ar"), ("ticker-attract-0", "zh"),
    ("ticker-wall", "de"), ("ticker-wall", "ar"),
)  # fmt: skip
_OPERATED = (("closed-out-of-service", "zh"), ("closed-out-of-service", "ar"), ("closed-out-of-service", "de"), ("identify", "ar"))  # fmt: skip
SHOOTS = {
    "portrait": Shoot(
        Panel(),
        "Portrait, 1080 x 1920",
        tuple((name, "en") for name in (*_JOURNEY, *_MORE))
        + tuple((name, tag) for tag in ("zh", "ar", "de") for name in (*_LANGUAGE, "problem-unsure", "code-entry", "code-ready", "test-receipt", "enrol-waiting"))
        + _MANY_SCHEMES
        + _OPERATED
        + _TICKER,
    ),
    "landscape": Shoot(
        Panel(1920, 1080),
        "Landscape, 1920 x 1080",
        (
            *((name, "en") for name in _JOURNEY),
            ("product", "de"), ("basket", "ar"), ("choose", "zh"), ("pay-epc-waiting", "ar"), ("pay-card", "de"), ("thanks-printed", "ar"),
            ("code-entry", "en"), ("code-ready", "ar"), ("code-partly", "de"), ("problem-unsure", "de"), ("closed-maintenance", "zh"), ("enrol-waiting", "zh"), ("enrol-waiting", "ar"), ("enrol-rejected", "de"), ("test-card", "ar"), ("test-scan", "de"),
            ("choose-many", "de"), ("basket-along", "de"), ("pay-duitnow-waiting", "de"), ("identify", "zh"), ("closed-out-of-service", "de"),
            ("asleep", "en"), *_TICKER, ("alert-fire", "en"), ("alert-flood", "en"), ("alert-exercise", "en"), ("alert-moderate", "en"),
        ),
    ),
    "reach": Shoot(
        Panel(bottom_mm=850),
        "Reach mode, on a panel whose lower edge hangs at 850 mm: every control below 1,220 mm",
        (("wall", "en"), ("product", "ar"), ("basket", "en"), ("choose", "de"), ("pay-link-waiting", "zh"), ("code-entry", "ar"),
         ("choose-many", "ar"), ("basket-along", "zh"), ("ticker-wall", "de"), ("alert-fire", "en")),
        reach=True,
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw all pictures, or with --panel one panel's. 0: all are there."""
    parser = argparse.ArgumentParser(prog="kiosk.shots", description="Draw every screen of the demo store.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--panel", choices=SHOOTS, help="only this panel")
    parser.add_argument("--store", type=Path, help="a store folder (default: the demo, imported for this)")
    parser.add_argument("--only", nargs="*", help="only these scenes")
    parser.add_argument("--full", action="store_true", help="PNG in the panel's own pixels")
    words = parser.parse_args(arguments)
    known = {scene for what in SHOOTS.values() for scene, _ in what.scenes}
    if unknown := set(words.only or ()) - known:
        parser.error(f"no scene {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    if words.store is None:
        with tempfile.TemporaryDirectory() as folder:
            import_demo(Path(folder))
            return _shoot_all(words, Path(folder))
    return _shoot_all(words, words.store)


def import_demo(folder: Path) -> None:
    """The demo store, made from its sources as `endcap import` does; without pictures where there are none."""
    images = DEMO / "pictures"
    with Problems() as problems:
        import_feed(
            Source(DEMO / "feed.tsv", images if images.is_dir() else None, DEMO / "store.toml"),
            folder,
            problems,
        )


def _shoot_all(words: argparse.Namespace, store: Path) -> int:
    words.folder.mkdir(parents=True, exist_ok=True)
    if words.panel is not None:
        shoot(SHOOTS[words.panel], words.panel, store, words.folder, only=words.only, full=words.full)
        return 0
    for name in SHOOTS:
        command = [
            sys.executable,
            "-m",
            "kiosk.shots",
            str(words.folder),
            "--store",
            str(store),
            "--panel",
            name,
        ]
        command += ["--full"] if words.full else []
        command += ["--only", *words.only] if words.only else []
        done = subprocess.run(command, check=False, timeout=PATIENCE)
        if done.returncode:
            return done.returncode
    if not words.only and not words.full:
        (words.folder / "README.md").write_text(index(), encoding="utf-8")
    return 0


def shoot(
    what: Shoot, name: str, store_folder: Path, folder: Path, *, only: Sequence[str] | None, full: bool
) -> None:
    """Draw one panel's pictures into `folder`. On the main thread, once per process."""
    from kiosk.ui.camera import Camera  # Kivy opens its window with it

    place = Place(kiosk="WALL-1", host="https://id.pendelo.example", pictures=str(store_folder))
    with closing(OpenStore(store_folder)) as store:
        shop = shop_of(store.store, place, TERMS)
        links = links_of(place.host, place.kiosk, TERMS, store.store.version)

        def facings(aisle: str, language: str, start: int, stop: int) -> list[Facing]:
            return [
                facing_of(p, language, NOON_MS // 1000, place, links) for p in store.shelf(aisle, start, stop)
            ]

        with Camera(shop, facings, what.panel) as camera:
            for scene, language in what.scenes:
                if only and scene not in only:
                    continue
                views = scenes(store, place, language, picks_of(store, language), reach=what.reach)
                picture = camera.shoot(live(views[scene]), opened=OPENED.get(scene, ""))
                path = folder / f"{file_name(name, scene, language)}.{'png' if full else 'webp'}"
                _save(picture, path, full=full)
                sys.stdout.write(f"{path} {path.stat().st_size // 1024} kB\n")


def live(view: View) -> View:
    """A view whose countdown runs now: the screen counts on the real clock."""
    if isinstance(view, Pay) and view.until_ms:
        return structs.replace(view, until_ms=int(time.monotonic() * 1000) + view.until_ms - MONO_MS)
    return view


def file_name(panel: str, scene: str, language: str) -> str:
    """How a picture is called, without its ending."""
    return f"{panel}-{scene}-{language}"


def _save(picture: Image.Image, path: Path, *, full: bool) -> None:
    if full:
        picture.save(path)
        return
    scale = LONG_SIDE / max(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    picture.resize(size, Image.Resampling.LANCZOS).save(path, quality=QUALITY, method=6)


def index() -> str:
    """The page that shows all pictures."""
    lines = [
        "# Every screen",
        "",
        "Drawn by `make shots` from the demo store. Names are panel, scene, language.",
        "",
    ]
    for panel, what in SHOOTS.items():
        lines += [f"## {what.title}", ""]
        width = 220 if what.panel.height > what.panel.width else 400
        for scene, language in what.scenes:
            name = file_name(panel, scene, language)
            lines.append(f'<img src="{name}.webp" width="{width}" alt="{scene} ({language})" title="{name}">')
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
