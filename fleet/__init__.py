"""PROGRAM at the operator: ingest, store, payments, and the pages phones and operators open."""
