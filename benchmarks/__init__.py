"""Measurements beside peers, each in one run: `python -m benchmarks.NAME`. Results: docs/benchmarks.md."""
