"""Against emupos, a printer simulator nobody here wrote. It needs Python 3.13, so it is run where its program is on the path."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest

from benchmarks.devices.printer import Subject, ours_right, simulator, states
from devices.drivers.escpos_printer import EscPosPrinter
from devices.events import DeviceEvent, NotPrinted, Printed
from devices.products.printers import ANY, EPSON
from devices.transport.tcp import TcpTransport
from tests.devices.printer.bench import receipt

PROGRAM = shutil.which("emupos")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="emupos (PyPI, Python 3.13) is not on the path")


@pytest.fixture
def printer() -> Iterator[Subject]:
    with simulator(PROGRAM) as (_, printer):
        yield printer


def outcome(driver: EscPosPrinter, job: str) -> DeviceEvent:
    driver.print(job, receipt(job))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for event in driver.turn(0.5):
            if isinstance(event, Printed | NotPrinted):
                return event
    raise AssertionError(f"{job} does not end")


def test_every_state_is_right_at_the_first_question(printer: Subject) -> None:
    assert ours_right(printer)[0] == len(states())


@pytest.mark.parametrize("can", [ANY, EPSON])
def test_jobs_are_printed_where_there_is_paper(
    printer: Subject, can: object, request: pytest.FixtureRequest
) -> None:
    driver = EscPosPrinter("printer", TcpTransport("127.0.0.1", printer.port), can)  # type: ignore[arg-type]
    request.addfinalizer(driver.close)
    driver.start()
    assert outcome(driver, "A") == Printed("printer", "A")
    printer.be((False, True, False, False))
    assert outcome(driver, "B") == NotPrinted("printer", "B", "no-paper")
    printer.be((False, False, True, False))
    assert outcome(driver, "C") == NotPrinted("printer", "C", "cover-open")
    printer.be((True, False, False, False))
    assert outcome(driver, "D") == Printed("printer", "D")
