"""What the walls' codes have brought to the phone lane: opened, ordered, and what was not believed. For this machine only."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content.links import Attribution, advert_hash, day_of, release_hash
from content.model import Store
from fleet.services import Services, sold_at
from fleet.shop.visits import Row
from fleet.web.operator import here_only
from fleet.web.pages import page

DAYS: Final = 30
MOST_ROWS: Final = 200


class Shown(Struct, frozen=True, kw_only=True):
    """A place as the table shows it."""

    kiosk: str
    facing: str
    product: str
    advert: str
    release: str
    opened: int
    ordered: int
    share: str  # ordered of opened


def routes(services: Services) -> list[BaseRoute]:
    """`/visits`."""

    def draw(request: Request) -> Response:
        rows = services.visits.rows(day_of(services.clock() // 1000) - DAYS)
        signed = [row for row in rows if row.attribution == Attribution.SIGNED.value]
        products = {}
        if services.catalogue is not None:
            for row in signed[:MOST_ROWS]:
                product = sold_at(services, row.kiosk).by_facing(row.facing)
                products[row.kiosk, row.facing] = product.names.get("en", product.gtin) if product else ""
        answer = page(
            request, "visits.html", title="Visits", days=DAYS,
            rows=[
                _shown(row, sold_at(services, row.kiosk).store if services.catalogue else None, products.get((row.kiosk, row.facing), ""))
                for row in signed[:MOST_ROWS]
            ],
            proofs=[(state.value, *_sums(rows, state.value)) for state in Attribution], more=len(signed) - MOST_ROWS,
        )  # fmt: skip
        answer.headers["cache-control"] = "no-store"
        return answer

    async def visits(request: Request) -> Response:
        return await run_in_threadpool(draw, request)

    return [Route("/visits", here_only(visits), methods=["GET"])]


def _shown(row: Row, store: Store | None, product: str) -> Shown:
    adverts = {advert_hash(advert.key): advert.key for advert in store.adverts} if store else {}
    current = release_hash(store.version) if store else 0
    release = "the current one" if row.release and row.release == current else "an older one"
    return Shown(
        kiosk=row.kiosk, facing=str(row.facing) if row.facing else "", product=product,
        advert=adverts.get(row.advert, "another's" if row.advert else ""), release=release if row.release else "",
        opened=row.opened, ordered=row.ordered, share=f"{100 * row.ordered / row.opened:.0f} %" if row.opened else "",
    )  # fmt: skip


def _sums(rows: list[Row], state: str) -> tuple[int, int]:
    mine = [row for row in rows if row.attribution == state]
    return sum(row.opened for row in mine), sum(row.ordered for row in mine)
