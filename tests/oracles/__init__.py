"""Independent libraries our payment codecs are compared with: only tests run them, each in a process of its own.

`make oracles` installs the pinned versions (pyproject's extra `oracles`, package.json here) into `.oracles/`. What they
said is kept in `tests/data/payments/SCHEME.json`, so that the comparison runs everywhere; where they are installed,
they are asked again. A library is added in three places: its pin, its adapter (an entry in `ORACLES` of a file beside
this one), its cases in the data. `python -m tests.oracles.record` writes the answers down.
"""
