"""The forms of `port`, and what is said where one cannot work."""

from __future__ import annotations

import pytest

from devices.finding.ports import (
    AutoPort,
    BadPort,
    PathPort,
    Port,
    SlotPort,
    TcpPort,
    UsbPort,
    check_port,
    parse_port,
)
from devices.models import Model, Setting, Usb
from devices.registry import model
from devices.transport.base import Transport
from devices.wires import Bulk, Serial, Tcp, Wire


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("auto", AutoPort()),
        ("usb:0c2e:0CAA", UsbPort(0x0C2E, 0x0CAA)),
        ("usb:0c2e:0caa:AB:12 3", UsbPort(0x0C2E, 0x0CAA, "AB:12 3")),
        ("slot:1-1", SlotPort("1-1")),
        ("slot:3-1.4.2:1.10", SlotPort("3-1.4.2", "1.10")),
        ("tcp://printer.local", TcpPort("printer.local")),
        ("tcp://10.0.0.9:9101", TcpPort("10.0.0.9", 9101)),
        ("tcp://[::1]:9101", TcpPort("::1", 9101)),
        ("/dev/serial0", PathPort("/dev/serial0")),
    ],
)
def test_every_form(text: str, port: Port) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize(
    "text",
    ["", "AUTO", "usb:c2e:0caa", "usb:0c2e", "usb:0c2e:0caa:", "slot:1", "slot:1-", "slot:1-1:1", "tcp://", "tcp://h:99999",
     "tcp://h:x", "tcp://h/path", "tcp://u@h", "ttyS0", "COM3", "/dev/\0"],
)  # fmt: skip
def test_what_is_none_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadPort) as caught:
        parse_port(text)
    assert repr(text) in str(caught.value)


def acme(wire: Wire, *match: Usb) -> Model:
    def drive(setting: Setting, wire: Transport) -> object:
        raise AssertionError

    return Model("acme", "scanner", "Acme 2D", wire, drive, match)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wire", "said"),
    [
        ("auto", Serial(), "'auto': acme does not say what it is on USB"),
        ("tcp://x", Serial(), "needs a port on this machine"),
        ("/dev/usb/thing", Tcp(), "needs tcp://HOST[:PORT]"),
        ("/dev/ttyACM0", Serial(), "another device's after a replug"),
        ("/dev/input/event12", Serial(), "another device's after a replug"),
        ("/dev/endcap/reader", Bulk(0x0B), "acme is no file"),
    ],
)
def test_a_port_that_cannot_lead_to_the_model_is_refused(text: str, wire: Wire, said: str) -> None:
    with pytest.raises(BadPort) as caught:
        check_port(text, acme(wire))
    assert said in str(caught.value)


def test_a_port_that_can_is_taken() -> None:
    assert check_port("auto", acme(Serial(), Usb(1, 2))) == AutoPort()
    assert check_port("/dev/ttyS0", model("line-scanner")) == PathPort("/dev/ttyS0")
    assert check_port("tcp://x", acme(Tcp())) == TcpPort("x")
