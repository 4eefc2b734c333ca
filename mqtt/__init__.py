"""LIBRARY of the contract between kiosk and fleet: topics, messages, client."""
