"""Where events come from: fleet.sources.base says what a source promises, the other modules are one engine each."""
