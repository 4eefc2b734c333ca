"""Events in: from a source through an inbox into the store, and only then acknowledged."""
