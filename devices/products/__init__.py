"""Our models, a file per family: declarations only."""
