"""One module per screen: a pure `layout` and a small class that reacts."""
