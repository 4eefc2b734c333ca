"""What the shop remembers beside its charges: baskets on their way, slots, deliveries, ratings, reports."""
