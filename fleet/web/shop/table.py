"""The pages of the phone lane in one table; a page is added by its module's `routes(lane)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.routing import BaseRoute

from fleet.services import Services
from fleet.web.shop import (
    basket,
    carried,
    checkout,
    claim,
    front,
    offline,
    order,
    pictures,
    product,
    resolver,
)
from fleet.web.shop.lane import Lane

Pages = Callable[[Lane], list[BaseRoute]]
# Looked through in this order: what a scan opens comes first.
PAGES: Final[tuple[Pages, ...]] = (
    product.routes, pictures.routes, resolver.routes, basket.routes, checkout.routes, order.routes, front.routes,
    carried.routes, claim.routes, offline.routes,
)  # fmt: skip


def routes(services: Services) -> list[BaseRoute]:
    """Every address of the phone lane."""
    lane = Lane(services)
    return [route for pages in PAGES for route in pages(lane)]
