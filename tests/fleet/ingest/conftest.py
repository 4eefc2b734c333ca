"""Every test of storing runs on both databases."""

from tests.fleet.both_databases import store, url

__all__ = ["store", "url"]
