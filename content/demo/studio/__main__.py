"""`python -m content.demo.studio`: draws the demo store's pictures.

python -m content.demo.studio                    every product and advert, into content/demo/pictures
python -m content.demo.studio --only GTIN        one product (repeatable)
python -m content.demo.studio --missing          only what has no picture yet
python -m content.demo.studio --sheet FILE.png   nothing is drawn; the pictures there are, on one sheet
"""

import argparse
import sys
from pathlib import Path

from PIL import Image

from content.demo.studio.adverts import ADVERTS, draw_advert
from content.demo.studio.order import Product, read_feed
from content.demo.studio.shelf import shot_of
from content.demo.studio.stage import photograph

DEMO = Path(__file__).parents[1]
SIZE = 400
QUALITY = 91
MOST = 24_000  # bytes; a picture with much grain is packed harder until it fits


def save(picture: Image.Image, path: Path, most: int = MOST) -> int:
    """Writes WebP at the best quality that stays under `most` bytes; returns the size."""
    for quality in (QUALITY, 86, 80, 74, 66, 58, 50):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= most:
            break
    return path.stat().st_size


def draw(products: list[Product], folder: Path) -> int:
    """Draws and saves each product; returns the bytes written."""
    total = 0
    for number, product in enumerate(products, start=1):
        size = save(photograph(shot_of(product), (SIZE, SIZE)), folder / product.picture)
        total += size
        print(
            f"{number}/{len(products)} {product.gtin} {product.pack:14} {size:6} {product.title}", flush=True
        )
    return total


def sheet(products: list[Product], folder: Path, out: Path, columns: int = 16, edge: int = 150) -> None:
    """A contact sheet of the pictures there are, in the feed's order."""
    rows = -(-len(products) // columns)
    page = Image.new("RGB", (columns * edge, rows * edge), "white")
    for i, product in enumerate(products):
        path = folder / product.picture
        if path.exists():
            with Image.open(path) as picture:
                small = picture.convert("RGB").resize((edge, edge), Image.Resampling.LANCZOS)
            page.paste(small, (i % columns * edge, i // columns * edge))
    page.save(out)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m content.demo.studio", description="Draw the demo store's pictures."
    )
    parser.add_argument("--feed", type=Path, default=DEMO / "feed.tsv", help="the product feed to draw")
    parser.add_argument("--into", type=Path, default=DEMO / "pictures", help="where the pictures go")
    parser.add_argument("--only", action="append", metavar="GTIN", help="draw this product only (repeatable)")
    parser.add_argument("--missing", action="store_true", help="draw what has no picture yet")
    parser.add_argument("--adverts", action="store_true", help="draw the adverts only")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet instead of drawing")
    args = parser.parse_args(argv)
    products = read_feed(args.feed)
    if args.sheet:
        sheet(products, args.into, args.sheet)
        return 0
    args.into.mkdir(parents=True, exist_ok=True)
    if args.only and not {p.gtin for p in products} >= set(args.only):
        print(
            f"no such product: {', '.join(sorted(set(args.only) - {p.gtin for p in products}))}",
            file=sys.stderr,
        )
        return 2
    wanted = [p for p in products if not args.only or p.gtin in args.only]
    if args.missing:
        wanted = [p for p in wanted if not (args.into / p.picture).exists()]
    # Products of one shape follow each other, so that each shape is compiled once and then forgotten.
    wanted.sort(key=lambda p: (p.pack, p.gtin))
    if not args.adverts:
        print(f"{draw(wanted, args.into):,} bytes of product pictures")
    if not args.only:
        for name in ADVERTS:
            if not args.missing or not (args.into / f"{name}.webp").exists():
                print(f"{name} {save(draw_advert(name), args.into / f'{name}.webp', 90_000)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
