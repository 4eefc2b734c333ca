"""A few thousand broken payloads, the same ones each time; `make fuzz` runs a million, guided by coverage."""

from __future__ import annotations

from random import Random

from tests.fuzz.mutate import mutate, repaired
from tests.fuzz.target import check, seeds

SEED, INPUTS = 20261122, 4000


def test_every_seed_is_read() -> None:
    random = Random(SEED)
    unread = [seed for seed in seeds() if not check(seed)]
    assert all(seed.startswith(("! ", "00")) or "1e-8" in seed for seed in unread), unread
    assert len(unread) < len(seeds()) / 4
    assert all(
        check(repaired(seed, random)) for seed in seeds() if seed.startswith("00") and seed not in unread
    )


def test_a_hail_of_broken_payloads_breaks_no_decoder() -> None:
    random, start = Random(SEED), seeds()
    read = sum(check(mutate(random.choice(start), random, start)) for _ in range(INPUTS))
    assert INPUTS / 100 < read < INPUTS * 3 / 4  # it gets deep, and is no mere echo of the seeds
