"""LIBRARY of what the operator publishes: products, prices, offers, walls, adverts."""
