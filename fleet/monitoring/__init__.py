"""Whether the fleet is well, and what Prometheus reads of it."""
