"""A store as the screen needs to know it: pure."""

from __future__ import annotations

from content.model import Store
from kiosk.core.settings import Place
from kiosk.core.terms import Terms, links_of, offered
from kiosk.views import AdvertCard, AisleLabel, Shop


def shop_of(store: Store, place: Place, terms: Terms | None = None) -> Shop:
    """What surrounds the views, with the methods and the domain of the fleet's terms. Empty aisles are left out: there is nothing to lead people to."""
    folder = place.pictures.rstrip("/")
    return Shop(
        names=store.names,
        version=links_of(place.host, place.kiosk, terms, store.version).version(store.version),
        currency=store.currency,
        languages=store.languages,
        aisles=tuple(
            AisleLabel(aisle.key, aisle.names, aisle.count, aisle.background, aisle.accent)
            for aisle in store.aisles
            if aisle.count
        ),
        adverts=tuple(
            AdvertCard(
                advert.key,
                f"{folder}/{advert.picture}" if advert.picture else "",
                advert.headlines,
                advert.lines,
            )
            for advert in store.adverts
        ),
        how_it_works=store.how_it_works,
        methods=offered(store, terms),
        support=store.support,
        kiosk=place.kiosk,
        domain=terms.domain if terms else "",
    )
