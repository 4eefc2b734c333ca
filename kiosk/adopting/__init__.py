"""From a release that was fetched to a wall that sells from it, and back again where it does not do well (docs/adopting.md)."""
