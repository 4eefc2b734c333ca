"""A USB bus without hardware: a backend for pyusb (`usb.core.find(backend=SimUsbBus())`) with devices to plug and pull.

It blocks, times out and fails as libusb 1.0.26 was measured to do: at an unplug the transfer in flight ends with errno 5
and every later call with 19; a claimed interface, or one the kernel's driver holds, is 16; a device that is not ours 13; a
packet too long for the buffer 75, and lost; a stall 32. A device that comes back has a new address, and handles of its
former life stay dead, as they do on a real bus.
"""

from __future__ import annotations

import array
import errno
import os
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

from usb.core import USBError, USBTimeoutError

from devices.sim.usb_device import Endpoint, Interface, SimUsbDevice, Stall

CONFIGURATION = 1  # bConfigurationValue of the only one
SPEED_FULL = 2  # libusb's number for 12 Mbit/s


@dataclass(eq=False)
class Plugged:
    """One life of a device on the bus: from plug to pull."""

    device: SimUsbDevice
    bus: int
    ports: tuple[int, ...]
    address: int
    gone: bool = False
    kernel: dict[int, bool] = field(default_factory=dict)  # interface: whether the kernel's driver has it
    claimed: dict[int, Handle] = field(default_factory=dict)


@dataclass(eq=False)
class Handle:
    """An open device."""

    life: Plugged
    closed: bool = False


def _error(number: int) -> USBError:
    return USBError(os.strerror(number), -1, number)


class SimUsbBus:
    """Implements what pyusb asks of a backend (usb.backend.IBackend, which need not be inherited from).

    `ghosts`: devices that were pulled stay in the list, as with Debian's libusb while no udevd runs.
    """

    def __init__(self, *, ghosts: bool = False) -> None:
        self._ghosts = ghosts
        self._lives: list[Plugged] = []
        self._address = 1  # the root hub's
        self._changed = threading.Condition(threading.RLock())
        self._changes = 0  # so that a change between a look and a wait is not slept through

    # The hands that hold the plugs.

    def plug(self, device: SimUsbDevice, path: str = "1-1") -> None:
        """Put a device into the socket `path` ("1-1.3": bus 1, port 3 of the hub at port 1)."""
        bus, ports = path.split("-")
        with self._changed:
            if device.bus is not None:
                raise ValueError("it is plugged")
            self._address += 1
            for queue in device.packets.values():
                queue.clear()
            device.halted.clear()
            device.bus = self
            life = Plugged(device, int(bus), tuple(int(port) for port in ports.split(".")), self._address)
            life.kernel = {one.number: bool(one.driver) for one in device.interfaces}
            self._lives.append(life)
            device.on_plug()

    def unplug(self, device: SimUsbDevice) -> None:
        """Pull it: whoever waits for it gets errno 5, whoever comes later 19."""
        with self._changed:
            life = self._life(device)
            life.gone, device.bus = True, None
            if not self._ghosts:
                self._lives.remove(life)
            for queue in device.packets.values():
                queue.clear()
            device.on_unplug()
            self.changed(device)

    def close(self) -> None:
        """Pull everything."""
        for life in list(self._lives):
            if not life.gone:
                self.unplug(life.device)

    def changed(self, device: SimUsbDevice) -> None:
        """A device has queued or taken something."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def kernel_has(self, device: SimUsbDevice, interface: int) -> bool:
        """Whether the kernel's driver holds that interface of a plugged device."""
        with self._changed:
            return self._life(device).kernel[interface]

    def claims(self, device: SimUsbDevice) -> int:
        """How many interfaces of a plugged device are claimed."""
        with self._changed:
            return len(self._life(device).claimed)

    def _life(self, device: SimUsbDevice) -> Plugged:
        for life in self._lives:
            if life.device is device and not life.gone:
                return life
        raise ValueError("it is not plugged")

    # What pyusb asks: devices and descriptors. Names and shapes are usb.backend.IBackend's.

    def enumerate_devices(self) -> list[Plugged]:
        """All devices, oldest first."""
        with self._changed:
            return list(self._lives)

    def get_parent(self, dev: Plugged) -> None:
        """Hubs are not listed."""

    def get_device_descriptor(self, dev: Plugged) -> SimpleNamespace:
        """USB 2.0, table 9-8, and where it hangs."""
        device = dev.device
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=device.vid, idProduct=device.pid, bcdDevice=device.release,
            iManufacturer=1 if device.strings[1] else 0, iProduct=2 if device.strings[2] else 0,
            iSerialNumber=3 if device.strings[3] else 0, bNumConfigurations=1,
            address=dev.address, bus=dev.bus, port_number=dev.ports[-1], port_numbers=dev.ports, speed=SPEED_FULL,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: Plugged, config: int) -> SimpleNamespace:
        """USB 2.0, table 9-10."""
        if config:
            raise IndexError("one configuration")
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=9, bNumInterfaces=len(dev.device.interfaces),
            bConfigurationValue=CONFIGURATION, iConfiguration=0, bmAttributes=0x80, bMaxPower=250,
            extra_descriptors=b"",
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Plugged, intf: int, alt: int, config: int) -> SimpleNamespace:
        """USB 2.0, table 9-12; IndexError ends pyusb's search."""
        if alt:
            raise IndexError("one setting")
        one: Interface = dev.device.interfaces[intf]
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=one.number, bAlternateSetting=0,
            bNumEndpoints=len(one.endpoints), bInterfaceClass=one.cls, bInterfaceSubClass=one.subclass,
            bInterfaceProtocol=one.protocol, iInterface=0, extra_descriptors=list(one.extra_descriptors),
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, dev: Plugged, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """USB 2.0, table 9-13."""
        end: Endpoint = dev.device.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=end.address, bmAttributes=end.kind,
            wMaxPacketSize=end.size, bInterval=1, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    # Handles, claims, the kernel's drivers.

    def open_device(self, dev: Plugged) -> Handle:
        """A handle."""
        with self._changed:
            if dev.gone:
                raise _error(errno.ENODEV)
            if not dev.device.permitted:
                raise _error(errno.EACCES)
            return Handle(dev)

    def close_device(self, dev_handle: Handle) -> None:
        """Gives back its claims."""
        with self._changed:
            dev_handle.closed = True
            claimed = dev_handle.life.claimed
            for number in [number for number, holder in claimed.items() if holder is dev_handle]:
                del claimed[number]

    def get_configuration(self, dev_handle: Handle) -> int:
        """There is one."""
        self._alive(dev_handle)
        return CONFIGURATION

    def set_configuration(self, dev_handle: Handle, config_value: int) -> None:
        """Refused while somebody has an interface."""
        with self._changed:
            if self._alive(dev_handle).claimed:
                raise _error(errno.EBUSY)

    def set_interface_altsetting(self, dev_handle: Handle, intf: int, altsetting: int) -> None:
        """There is one."""
        self._alive(dev_handle)

    def claim_interface(self, dev_handle: Handle, intf: int) -> None:
        """For one handle at a time, and not while the kernel has it."""
        with self._changed:
            life = self._alive(dev_handle)
            if intf not in life.kernel:
                raise _error(errno.ENOENT)
            if life.kernel[intf] or life.claimed.get(intf, dev_handle) is not dev_handle:
                raise _error(errno.EBUSY)
            life.claimed[intf] = dev_handle

    def release_interface(self, dev_handle: Handle, intf: int) -> None:
        """Only one's own."""
        with self._changed:
            life = self._alive(dev_handle)
            if life.claimed.get(intf) is not dev_handle:
                raise _error(errno.ENOENT)
            del life.claimed[intf]

    def is_kernel_driver_active(self, dev_handle: Handle, intf: int) -> bool:
        """Whether the kernel has it."""
        with self._changed:
            return self._alive(dev_handle).kernel.get(intf, False)

    def detach_kernel_driver(self, dev_handle: Handle, intf: int) -> None:
        """Takes it from the kernel."""
        with self._changed:
            life = self._alive(dev_handle)
            if not life.kernel.get(intf):
                raise _error(errno.ENOENT)
            life.kernel[intf] = False

    def attach_kernel_driver(self, dev_handle: Handle, intf: int) -> None:
        """Gives it back to the driver it had."""
        with self._changed:
            life = self._alive(dev_handle)
            if intf in life.claimed:
                raise _error(errno.EBUSY)
            if not life.device.interface(intf).driver:
                raise _error(errno.ENOENT)
            life.kernel[intf] = True

    def clear_halt(self, dev_handle: Handle, ep: int) -> None:
        """Ends a stall."""
        with self._changed:
            self._alive(dev_handle).device.halted.discard(ep)

    def reset_device(self, dev_handle: Handle) -> None:
        """Stalls end, what was queued is gone; the address stays."""
        with self._changed:
            device = self._alive(dev_handle).device
            device.halted.clear()
            for queue in device.packets.values():
                queue.clear()
        device.on_reset()

    # Transfers. Timeouts in milliseconds, 0 is for ever.

    def ctrl_transfer(
        self,
        dev_handle: Handle,
        bmRequestType: int,  # noqa: N803 - pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: array.array[int],
        timeout: int,
    ) -> int:
        """Bytes written, or read into `data`."""
        device = self._alive(dev_handle).device
        reading = bmRequestType & 0x80
        try:
            sent = b"" if reading else data.tobytes()
            answer = device.control(bmRequestType, bRequest, wValue, wIndex, sent)
        except Stall:
            raise _error(errno.EPIPE) from None
        if not reading:
            return len(data)
        answer = answer[: len(data)]
        data[: len(answer)] = array.array("B", answer)
        return len(answer)

    def bulk_write(self, dev_handle: Handle, ep: int, intf: int, data: array.array[int], timeout: int) -> int:
        """Bytes taken; fewer than all only at the timeout. Raises USBTimeoutError where none were."""
        end = time.monotonic() + timeout / 1000 if timeout else None
        whole, taken = data.tobytes(), 0
        while True:
            with self._changed:
                device, seen = self._ready(dev_handle, ep, intf), self._changes
            try:
                took = device.on_out(ep, whole[taken:])
            except Stall:
                raise _error(errno.EPIPE) from None
            taken = len(whole) if took is None else taken + took
            if taken >= len(whole):
                return taken
            if not took and not self._wait(dev_handle, end, seen):
                if taken:
                    return taken
                raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)

    intr_write = bulk_write

    def bulk_read(self, dev_handle: Handle, ep: int, intf: int, buff: array.array[int], timeout: int) -> int:
        """Bytes read: until a short packet, a full buffer or the timeout. Raises USBTimeoutError where there were none."""
        end = time.monotonic() + timeout / 1000 if timeout else None
        got = 0
        with self._changed:
            while True:
                device = self._ready(dev_handle, ep, intf)
                queue, size = device.packets[ep], device.endpoint(ep).size
                while queue:
                    packet = queue.popleft()
                    if len(packet) > len(buff) - got:
                        raise _error(errno.EOVERFLOW)
                    buff[got : got + len(packet)] = array.array("B", packet)
                    got += len(packet)
                    if len(packet) < size or got == len(buff):
                        return got
                if not self._wait(dev_handle, end, self._changes):
                    if got:
                        return got
                    raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)

    intr_read = bulk_read
    iso_write = iso_read = None  # pyusb looks for the names; no peripheral of ours has such endpoints

    def _alive(self, handle: Handle) -> Plugged:
        if handle.closed or handle.life.gone:
            raise _error(errno.ENODEV)
        return handle.life

    def _ready(self, handle: Handle, ep: int, intf: int) -> SimUsbDevice:
        life = self._alive(handle)
        if life.claimed.get(intf) is not handle:
            raise _error(errno.EBUSY)
        if ep in life.device.halted:
            raise _error(errno.EPIPE)
        return life.device

    def _wait(self, handle: Handle, end: float | None, seen: int) -> bool:
        """Wait for a change; False at the deadline. Raises errno 5 where the device is pulled meanwhile."""
        with self._changed:
            left = None if end is None else max(0.0, end - time.monotonic())
            changed = self._changed.wait_for(lambda: self._changes != seen, left)
            if handle.life.gone:
                raise _error(errno.EIO)
            return changed
