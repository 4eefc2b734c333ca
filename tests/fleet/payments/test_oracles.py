"""Our payment codes beside those of independent libraries: recorded answers everywhere, the libraries where installed."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from fleet.payments.codecs import SCHEMES, BadPayload, emv
from tests.oracles.asking import HERE, ask, missing, pins
from tests.oracles.record import DATA, library_of, load

FILES = sorted(DATA.glob("*.json"))
CASES = [(load(file)["scheme"], case) for file in FILES for case in load(file)["cases"]]
ASKED = [
    (file, library, list(cases))
    for file in FILES
    for library, cases in groupby(sorted(load(file)["cases"], key=library_of), library_of)
]


def built(scheme: str, given: dict[str, Any]) -> str:
    """What we write from a scheme's fields; of a payload, what we read: `path=value` a line."""
    if "payload" in given:
        return "\n".join(f"{path}={found.value}" for path, found in emv.Code(given["payload"]).leaves())
    return SCHEMES[scheme].build(SCHEMES[scheme].from_json(given))


@pytest.mark.parametrize(
    ("scheme", "case"), CASES, ids=[f"{scheme}-{library_of(case)}" for scheme, case in CASES]
)
def test_we_write_what_they_write(scheme: str, case: dict[str, Any]) -> None:
    ours = built(scheme, case["input"])
    if "differs" in case:
        assert ours != case["output"], f"no longer differs: {case['differs']}"
    else:
        assert ours == case["output"]


@pytest.mark.parametrize(
    ("scheme", "case"),
    [(scheme, case) for scheme, case in CASES if "differs" in case],
    ids=[f"{scheme}-{library_of(case)}" for scheme, case in CASES if "differs" in case],
)
def test_we_read_what_they_write_differently(scheme: str, case: dict[str, Any]) -> None:
    parse = SCHEMES[scheme].parse
    if case.get("unread"):
        with pytest.raises(BadPayload):
            parse(case["output"])
    else:
        assert parse(case["output"]) == parse(built(scheme, case["input"]))


@pytest.mark.parametrize(
    ("file", "library", "cases"), ASKED, ids=[f"{file.stem}-{library}" for file, library, _ in ASKED]
)
def test_they_still_say_what_is_recorded(file: Path, library: str, cases: list[dict[str, Any]]) -> None:
    reason = missing(library)
    if reason:
        pytest.skip(reason)
    answers = ask(library, load(file)["scheme"], [case["input"] for case in cases])
    assert answers == [case["output"] for case in cases]


def test_every_record_names_its_source_and_the_version_that_is_pinned() -> None:
    for file in FILES:
        assert load(file)["source"]
        for case in load(file)["cases"]:
            library, _, version = case["library"].partition(" ")
            assert pins()[library] == version


def test_the_npm_lock_names_no_registry() -> None:
    assert '"resolved"' not in (HERE / "package-lock.json").read_text()
