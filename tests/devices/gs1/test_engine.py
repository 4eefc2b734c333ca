"""GS1's own vectors, where a checkout of their syntax engine is at hand (tests/oracles/gs1_engine.py)."""

from __future__ import annotations

import pytest

from tests.oracles.gs1_answers import ours
from tests.oracles.gs1_engine import Vectors, checkout, read

KINDS = {
    "element strings": ("test_parseAIdata", "test_processAIdata"),
    "linters on real AIs": ("linters",),
    "associations": ("test_validateAIs",),
    "Digital Links": ("test_parseDLuri",),
    "Digital Links written": ("test_testGenerateDLuri",),
    "percent codes": ("test_URIunescape", "test_URIescape"),
    "scan data": ("test_testProcessScanData",),
    "linters": ("UNIT_TEST_PASS", "UNIT_TEST_FAIL"),
}


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    where = checkout()
    if where is None:
        pytest.skip("GS1_SYNTAX_ENGINE names no checkout of github.com/gs1/gs1-syntax-engine")
    return read(where)


@pytest.mark.parametrize("name", KINDS)
def test_every_vector_of_gs1_gets_their_verdict_and_result(vectors: Vectors, name: str) -> None:
    found = vectors.of(*KINDS[name])
    # Which package types are given out is the one list we do not keep: form alone is checked.
    found = [each for each in found if not (each.rule.endswith("_packagetype") and not each.ok)]
    assert len(found) > 20
    assert [each for each in found if ours(each) != (True, True)] == []
