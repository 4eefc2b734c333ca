"""Every test of what pages ask of the store runs on both databases."""

from tests.fleet.both_databases import store, url

__all__ = ["store", "url"]
