"""The book of packs: every value of the feed's column `pack`, and who draws it."""

from content.demo.studio import fresh, packs
from content.demo.studio.order import Product
from content.demo.studio.stage import Shot

PACKS = packs.PACKS | fresh.PACKS


def shot_of(product: Product) -> Shot:
    """The shot for a product. Raises ValueError for a pack nobody can draw."""
    draw = PACKS.get(product.pack)
    if draw is None:
        raise ValueError(
            f"{product.gtin} {product.title}: pack {product.pack!r} is unknown; expected one of {', '.join(sorted(PACKS))}"
        )
    return draw(product)
