"""Alerts that go before everything: read from the Common Alerting Protocol or written by an operator, sent, followed."""
