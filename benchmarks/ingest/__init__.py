"""Ingest, end to end, beside PostgreSQL's own ceiling and beside one event per message: python -m benchmarks.ingest"""
