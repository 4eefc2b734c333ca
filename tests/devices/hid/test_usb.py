"""USB by pyusb, on a bus whose plugs can be pulled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from devices.errors import Busy, DeviceError, Gone, NoPermission, ProtocolError, Timeout
from devices.sim.usb_bus import SimUsbBus
from devices.sim.usb_device import BULK, INTERRUPT, Endpoint, Interface, SimUsbDevice, Stall
from devices.transport.usb import UsbBulkTransport, UsbHidTransport, UsbPlace

CCID = 0x0B
READER = UsbPlace(0x072F, 0x2200)
REPORT_DESCRIPTOR = bytes.fromhex("058c0902a101c0")


class Echo(SimUsbDevice):
    """A bulk interface that says what it hears; `room` is how much it takes until it is `hungry` again."""

    def __init__(self, serial: str = "", interface_class: int = CCID) -> None:
        # The addresses are odd on purpose: a host must not know them by heart.
        ends = (Endpoint(0x8D, INTERRUPT, 8), Endpoint(0x07, BULK, 64), Endpoint(0x8B, BULK, 64))
        super().__init__(
            0x072F,
            0x2200,
            [Interface(1, 0xFF, ()), Interface(2, interface_class, ends, driver="pn533_usb")],
            serial=serial,
            product="Echo",
        )
        self.heard = b""
        self.room: int | None = None
        self.resets = 0

    def on_out(self, endpoint: int, data: bytes) -> int | None:
        if data == b"refuse":
            raise Stall
        if self.room is not None:
            data, self.room = data[: self.room], max(0, self.room - len(data))
        self.heard += data
        if self.room is None:
            self.send(0x8B, data)
        return len(data)

    def on_control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        if request != 1:
            raise Stall
        return bytes([value & 0xFF, index])

    def on_reset(self) -> None:
        self.resets += 1


class Reports(SimUsbDevice):
    """A HID device beside its keyboard interface; it hears output reports on an endpoint, or by SET_REPORT."""

    def __init__(self, *, out: bool) -> None:
        ends = (Endpoint(0x81, INTERRUPT, 64), *([Endpoint(0x02, INTERRUPT, 64)] if out else []))
        keys = Interface(
            0, 3, (Endpoint(0x83, INTERRUPT, 8),), subclass=1, protocol=1, driver="usbhid", report=b"\x05\x01"
        )
        super().__init__(
            0x0C2E, 0x0B61, [keys, Interface(1, 3, ends, driver="usbhid", report=REPORT_DESCRIPTOR)], serial="S1"
        )  # fmt: skip
        self.heard: list[tuple[str, bytes]] = []

    def on_out(self, endpoint: int, data: bytes) -> None:
        self.heard.append(("endpoint", data))

    def on_control(self, request_type: int, request: int, value: int, index: int, data: bytes) -> bytes:
        self.heard.append((f"control {request:#04x} {value:#06x} {index}", data))
        return b""


@pytest.fixture
def bus() -> Iterator[SimUsbBus]:
    bus = SimUsbBus()
    yield bus
    bus.close()


def opened(bus: SimUsbBus, place: UsbPlace = READER) -> UsbBulkTransport:
    return UsbBulkTransport(place, CCID, bus)


class TestBulk:
    def test_what_is_written_comes_back_and_the_kernel_gets_its_interface_again(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        assert not bus.kernel_has(device, 2)
        wire.write(b"hello", 1.0)
        assert wire.read(5.0) == b"hello"
        wire.close()
        assert bus.kernel_has(device, 2)
        assert bus.claims(device) == 0

    @pytest.mark.parametrize("length", [1, 63, 64, 65, 128, 5000])
    def test_a_transfer_is_read_whole_whatever_its_length(self, bus: SimUsbBus, length: int) -> None:
        bus.plug(Echo())
        wire = opened(bus)
        wire.write(data := bytes(n & 0xFF for n in range(length)), 1.0)
        assert wire.read(5.0) == data
        wire.close()

    def test_nothing_comes_in_time(self, bus: SimUsbBus) -> None:
        bus.plug(Echo())
        wire = opened(bus)
        assert wire.read(0.0) == b""
        assert wire.read(0.01) == b""
        wire.close()

    def test_control_requests_go_to_the_interface(self, bus: SimUsbBus) -> None:
        bus.plug(Echo())
        wire = opened(bus)
        assert wire.control(0xA1, 1, 0x55, 8, 1.0) == b"\x55\x02"
        with pytest.raises(ProtocolError, match="refused"):
            wire.control(0xA1, 9, 0, 8, 1.0)
        wire.close()

    def test_a_write_that_is_not_taken_is_a_timeout_that_says_how_much_went_out(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        device.room = 100
        with pytest.raises(Timeout, match="100 of 300 bytes"):
            wire.write(bytes(300), 0.05)
        wire.close()

    def test_a_write_goes_on_when_there_is_room_again(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        device.room = 100

        def makes_room() -> None:
            device.room = 1000
            device.hungry()

        later = threading.Timer(0.05, makes_room)
        later.start()
        wire.write(bytes(300), 10.0)
        later.join()
        assert device.heard == bytes(300)
        wire.close()

    def test_a_stall_is_a_protocol_error_and_the_next_transfer_works(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        with pytest.raises(ProtocolError, match="stall"):
            wire.write(b"refuse", 1.0)
        device.halted.add(0x8B)
        with pytest.raises(ProtocolError, match="stall"):
            wire.read(1.0)
        wire.write(b"now", 1.0)
        assert wire.read(5.0) == b"now"
        wire.close()

    def test_a_reset_closes_it_and_it_opens_again(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        device.send(0x8B, b"old")
        wire.reset()
        with pytest.raises(Gone):
            wire.read(0.0)
        assert device.resets == 1
        wire = opened(bus)
        assert wire.read(0.0) == b""
        wire.close()

    def test_a_device_without_that_interface_is_the_wrong_model(self, bus: SimUsbBus) -> None:
        bus.plug(Echo(interface_class=7))
        with pytest.raises(ProtocolError, match="no interface of that class"):
            opened(bus)


class TestPlaces:
    def test_a_device_that_is_not_there_is_gone(self, bus: SimUsbBus) -> None:
        with pytest.raises(Gone, match="not there"):
            opened(bus)

    def test_two_of_a_kind_are_told_by_serial_number_or_by_socket(self, bus: SimUsbBus) -> None:
        bus.plug(Echo("A"), "1-1.2")
        bus.plug(second := Echo("B"), "1-1.3")
        for place in (UsbPlace(0x072F, 0x2200, "B"), UsbPlace(0x072F, 0x2200, bus_path="1-1.3")):
            wire = opened(bus, place)
            wire.write(b"you", 1.0)
            assert second.heard == b"you"
            second.heard = b""
            wire.close()
        with pytest.raises(Gone):
            opened(bus, UsbPlace(0x072F, 0x2200, "C"))

    def test_who_has_it_and_who_may_not(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo("A"))
        wire = opened(bus)
        with pytest.raises(Busy):
            opened(bus)
        wire.close()
        device.permitted = False
        for place in (READER, UsbPlace(0x072F, 0x2200, "A")):
            with pytest.raises(NoPermission):
                opened(bus, place)

    def test_a_bus_that_still_lists_what_was_pulled(self) -> None:
        bus = SimUsbBus(ghosts=True)
        bus.plug(device := Echo())
        for _ in range(3):
            bus.unplug(device)
            with pytest.raises(Gone):
                opened(bus)
            bus.plug(device)
            wire = opened(bus)
            wire.write(b"x", 1.0)
            assert wire.read(5.0) == b"x"
            wire.close()
        bus.close()


class TestUnplug:
    def test_in_the_middle_of_a_read(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        later = threading.Timer(0.05, bus.unplug, [device])
        later.start()
        with pytest.raises(Gone, match="Input/output"):
            wire.read(10.0)
        with pytest.raises(Gone, match="No such device"):
            wire.read(10.0)
        later.join()
        wire.close()

    def test_in_the_middle_of_a_write(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo())
        wire = opened(bus)
        device.room = 0
        later = threading.Timer(0.05, bus.unplug, [device])
        later.start()
        with pytest.raises(Gone):
            wire.write(b"x", 10.0)
        later.join()
        wire.close()

    def test_what_comes_back_is_opened_anew_and_the_old_one_stays_dead(self, bus: SimUsbBus) -> None:
        bus.plug(device := Echo("A"))
        old = opened(bus)
        for _ in range(20):
            device.send(0x8B, b"half a rep")
            bus.unplug(device)
            bus.plug(device)
            new = opened(bus, UsbPlace(0x072F, 0x2200, "A"))
            assert new.read(0.0) == b""
            new.write(b"whole", 1.0)
            assert new.read(5.0) == b"whole"
            new.close()
            with pytest.raises(Gone):
                old.write(b"x", 1.0)
        old.close()


@pytest.mark.parametrize("end", [UsbBulkTransport.wake, UsbBulkTransport.close])
def test_a_read_ends_early_when_another_thread_says_so(
    bus: SimUsbBus, end: Callable[[UsbBulkTransport], None]
) -> None:
    bus.plug(Echo())
    wire = opened(bus)
    told: list[object] = []

    def reads() -> None:
        try:
            told.append(wire.read(60.0))
        except DeviceError as error:
            told.append(type(error))

    reader = threading.Thread(target=reads)
    reader.start()
    end(wire)
    reader.join(30.0)
    assert told == ([b""] if end is UsbBulkTransport.wake else [Gone])
    wire.close()


class TestHid:
    PLACE = UsbPlace(0x0C2E, 0x0B61)

    def test_reports_come_from_the_interface_that_is_no_keyboard(self, bus: SimUsbBus) -> None:
        bus.plug(device := Reports(out=True))
        wire = UsbHidTransport(self.PLACE, bus)
        assert wire.descriptor == REPORT_DESCRIPTOR
        assert bus.kernel_has(device, 0)
        device.send(0x81, b"\x02" + bytes(63))
        device.send(0x81, b"\x02short")
        assert wire.read(5.0) == b"\x02" + bytes(63)
        assert wire.read(5.0) == b"\x02short"
        wire.close()
        assert bus.kernel_has(device, 1)

    def test_a_report_longer_than_a_packet_may_be_is_lost_and_counted(self, bus: SimUsbBus) -> None:
        bus.plug(device := Reports(out=True))
        wire = UsbHidTransport(self.PLACE, bus)
        device.packets[0x81].append(bytes(80))  # a babbling device: more than its endpoint may send
        device.send(0x81, b"\x02next")
        assert wire.read(5.0) == b"\x02next"
        assert wire.lost == 1
        wire.close()

    def test_output_reports_go_to_the_endpoint_or_by_control_requests(self, bus: SimUsbBus) -> None:
        for out, expected in (
            (True, ("endpoint", b"\x04\x01")),
            (False, ("control 0x09 0x0204 1", b"\x04\x01")),
        ):
            bus.plug(device := Reports(out=out))
            wire = UsbHidTransport(self.PLACE, bus)
            wire.write(b"\x04\x01", 1.0)
            wire.feature(b"\xfe\x01", 1.0)
            assert device.heard == [expected, ("control 0x09 0x03fe 1", b"\xfe\x01")]
            wire.close()
            bus.unplug(device)

    def test_a_report_without_an_id_is_sent_without_the_zero(self, bus: SimUsbBus) -> None:
        bus.plug(device := Reports(out=True))
        wire = UsbHidTransport(self.PLACE, bus)
        wire.write(b"\x00\x11\x22", 1.0)
        assert device.heard == [("endpoint", b"\x11\x22")]
        wire.close()
