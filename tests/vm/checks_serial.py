"""Scanners on cdc_acm, the kernel's driver for "virtual COM ports"."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.errors import Busy, Gone, NoPermission
from devices.transport.serial import SerialTransport
from tests.vm.bench import Bench
from tests.vm.driving import driven, elsewhere, node, raises, scans
from tests.vm.waiting import until

SCANNER = "usb:0c2e:0b61:SIM0001"


@contextmanager
def _plugged(bench: Bench) -> Iterator[str]:
    bench.plug("scanner")
    try:
        yield node(SCANNER)
    finally:
        bench.unplug("scanner")


def a_scan_arrives(bench: Bench) -> None:
    """What the device sends is a Scan event, GS and all."""
    with _plugged(bench), driven("line-scanner", SCANNER) as driver:
        bench.say("scanner", b"]C10109521100100410\x1d10ABC\r\n")
        assert scans(driver, 1) == [("]C1", "0109521100100410\x1d10ABC")]


def its_link_names_the_slot(bench: Bench) -> None:
    """Our rules give a port a name by where it is plugged in, to the kiosk's group, and keep ModemManager off."""
    with _plugged(bench) as path:
        bench.settle()
        links = [link for link in Path("/dev/endcap").iterdir() if str(link.resolve()) == path]
        assert len(links) == 1, links
        assert Path(path).group() == "dialout"
        assert "ID_MM_DEVICE_IGNORE=1" in bench.udev(path)
        name = links[0].name
    with _plugged(bench) as path:
        assert str(until(name, lambda: links[0].exists() and links[0].resolve())) == path


def an_unplug_is_gone(bench: Bench) -> None:
    """Every call after an unplug raises Gone, and the one that waits does so at once."""
    with _plugged(bench) as path:
        transport = SerialTransport(path)
        try:
            bench.say("scanner", b"]E0590123")
            assert until("its bytes", lambda: transport.read(0.1)) == b"]E0590123"
            bench.unplug("scanner")
            began = time.monotonic()
            raises(Gone, lambda: transport.read(5))
            assert time.monotonic() - began < 1, "a read waits though the device is gone"
            for call in (
                lambda: transport.read(0),
                lambda: transport.write(b"x", 1),
                lambda: transport.read(0),
            ):
                raises(Gone, call)
        finally:
            transport.close()
        until("its node gone", lambda: not Path(path).exists())
        raises(Gone, lambda: SerialTransport(path))
        bench.plug("scanner")


def it_is_found_under_its_new_name(bench: Bench) -> None:
    """Put back while the old port is still open it is another ttyACM, and found all the same."""
    with _plugged(bench) as path:
        held = os.open(path, os.O_RDWR | os.O_NOCTTY)  # another program that does not let go
        try:
            bench.unplug("scanner")
            bench.plug("scanner")
            fresh = until("another node", lambda: node(SCANNER) != path and node(SCANNER))
            assert {path, fresh} == {"/dev/ttyACM0", "/dev/ttyACM1"}, (path, fresh)
            with driven("line-scanner", SCANNER) as driver:
                bench.say("scanner", b"5901234123457\r")
                assert scans(driver, 1) == [("", "5901234123457")]
        finally:
            os.close(held)


def a_second_program_is_told_busy(bench: Bench) -> None:
    """While we hold the port nobody else opens it, and they may as soon as we close, copies of the descriptor or not."""
    with _plugged(bench) as path:
        transport = SerialTransport(path)
        try:
            assert elsewhere(lambda: SerialTransport(path).close()) == "Busy"
            assert (
                elsewhere(lambda: os.close(os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)))
                == "OSError 16"
            )
            raises(Busy, lambda: SerialTransport(path))
            copy = os.dup(transport._fd)  # as a child process has that was forked meanwhile
        finally:
            transport.close()
        assert elsewhere(lambda: SerialTransport(path).close()) == "", "still taken after close"
        os.close(copy)


def without_permission_it_says_what_to_do(bench: Bench) -> None:
    """A node that is root's alone: NoPermission, and the remedy names our rules."""
    with _plugged(bench) as path:
        bench.settle()
        bench.lock(path)
        assert "99-endcap.rules" in raises(NoPermission, lambda: SerialTransport(path)).remedy


CHECKS = (
    a_scan_arrives,
    its_link_names_the_slot,
    an_unplug_is_gone,
    it_is_found_under_its_new_name,
    a_second_program_is_told_busy,
    without_permission_it_says_what_to_do,
)
