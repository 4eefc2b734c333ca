"""The table of AIs is the dictionary's, and every linter it names is there."""

from __future__ import annotations

import pytest

from devices.protocol.gs1 import generate
from devices.protocol.gs1.linters import LINTERS
from devices.protocol.gs1.table import ENTRIES, LENGTHS, LONGEST_VALUE

TEXT = generate.DICTIONARY.read_text(encoding="utf-8")


def test_the_table_is_as_new_as_the_dictionary() -> None:
    assert generate.TABLE.read_text(encoding="utf-8") == generate.table(TEXT), (
        "python -m devices.protocol.gs1.generate"
    )


def test_every_line_of_the_dictionary_is_in_the_table() -> None:
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
    rows = generate.rows(TEXT)
    assert [line.split()[0].partition("-")[0] for line in lines] == [row[0] for row in rows]
    assert len(ENTRIES) == sum(int(last) - int(first) + 1 for first, last, *_ in rows)
    assert all(entry.length <= LONGEST_VALUE for entry in ENTRIES.values())
    assert all(LENGTHS[ai[:2]] == len(ai) for ai in ENTRIES)  # two digits say how long an AI is


def test_every_linter_is_named_by_the_dictionary_or_its_syntax() -> None:
    named = {name for row in generate.rows(TEXT) for part in row[3].split() for name in part.split(",")[1:]}
    named = {name.rstrip("]") for name in named}
    assert named <= LINTERS.keys()
    assert LINTERS.keys() - named <= {"yyyymmd0"}


def test_a_line_that_is_none_is_told_with_its_number() -> None:
    with pytest.raises(generate.BadDictionary, match=r"line 2: .*found 'Zero"):
        generate.rows("# head\nZero  N2 # x\n")
