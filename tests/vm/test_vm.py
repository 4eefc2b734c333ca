"""`make test-vm`: one boot, one result per check made in the guest."""

from __future__ import annotations

import pytest

from tests.vm.checks import all_checks
from tests.vm.host import Stage


@pytest.mark.vm
@pytest.mark.parametrize("check", all_checks())
def test_in_the_guest(stage: Stage, check: str) -> None:
    result = stage.result(check)
    if result.outcome == "skipped":
        pytest.skip(result.text)
    assert result.outcome == "passed", f"\n{result.text}"
