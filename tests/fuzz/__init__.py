"""The decoders of payment codes under a hail of inputs: `make fuzz`, coverage-guided; a short seeded run in every test."""
