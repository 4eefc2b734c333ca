from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vm.host import Stage
from tests.vm.packages import CannotRun


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The booted machine; it begins with the checks that were asked for."""
    asked = [item for item in request.session.items if item.get_closest_marker("vm")]
    names = [str(item.callspec.params["check"]) for item in asked if isinstance(item, pytest.Function)]
    try:
        stage = Stage(names)
    except CannotRun as error:
        pytest.skip(f"no virtual machine: {error}")
    yield stage
    stage.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A boot takes a minute: these run where they are asked for by their marker, as `make test-vm` does."""
    if "vm" in config.option.markexpr:
        return
    theirs = [item for item in items if item.get_closest_marker("vm")]
    if theirs:
        config.hook.pytest_deselected(items=theirs)
        items[:] = [item for item in items if item not in theirs]
