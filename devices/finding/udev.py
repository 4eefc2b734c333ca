"""udev rules that let the agent's account open the devices of the models there are, and keep others' hands off them.

systemd/99-endcap.rules is what this writes for our own models; with models of other packages, or a maker we do not
know, `endcap devices rules` writes it for those too.
"""

from __future__ import annotations

from collections.abc import Iterable

from devices.models import Model
from devices.wires import Keyboard

_HEAD = """\
# Peripherals for the agent's account (groups dialout and plugdev), and nobody else's hands on them.
# Install to /etc/udev/rules.d/, then: udevadm control --reload && udevadm trigger
# Written by `endcap devices rules`; for a maker that is not below: `endcap devices rules 1234 > FILE`,
# for a scanner that plays a keyboard: `endcap devices rules 1234:5678 > FILE`.

# ModemManager probes every serial device it sees and sends AT commands to scanners and readers.
SUBSYSTEM=="tty", KERNEL=="ttyACM*|ttyUSB*", ENV{ID_MM_DEVICE_IGNORE}="1", GROUP="dialout", MODE="0660"

# A name that stays, by port path: for programs that want a file. kiosk.toml may say slot:1-1.3 as well.
SUBSYSTEM=="tty", KERNEL=="ttyACM*|ttyUSB*", ENV{ID_PATH_TAG}=="?*", SYMLINK+="endcap/$env{ID_PATH_TAG}"
"""

_MAKER = """
SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", ATTR{{idVendor}}=="{vid}", GROUP="plugdev", MODE="0660"
SUBSYSTEM=="hidraw", ATTRS{{idVendor}}=="{vid}", GROUP="plugdev", MODE="0660"
"""

# A scanner that types: the agent grabs it, and while the agent is away its keys go nowhere either.
_KEYBOARD = """\
SUBSYSTEM=="input", KERNEL=="event*", ATTRS{{idVendor}}=="{vid}"{pid}, GROUP="plugdev", MODE="0660", ENV{{LIBINPUT_IGNORE_DEVICE}}="1"
"""


def rules(models: Iterable[Model], others: Iterable[tuple[int, int | None]] = ()) -> str:
    """The rules file for all makers the models name, and for `others`: vendor ids, with a product id for one that types.

    Which keyboards are scanners only their owner knows: whoever may read a keyboard may read passwords.
    """
    typing: dict[int, set[int | None]] = {}  # product ids of keyboards, by their maker; None is all
    for vid, pid in others:
        typing.setdefault(vid, set()).update(() if pid is None else (pid,))
    for model in models:
        for usb in model.match:
            if usb.vid is not None:
                typing.setdefault(usb.vid, set()).update(
                    (usb.pid,) if isinstance(model.wire, Keyboard) else ()
                )
    return _HEAD + "".join(_maker(vid, typing[vid]) for vid in sorted(typing))


def _maker(vid: int, typing: set[int | None]) -> str:
    text = _MAKER.format(vid=f"{vid:04x}")
    if None in typing:
        typing = {None}
    for pid in sorted(typing, key=lambda pid: pid or 0):
        wanted = "" if pid is None else f', ATTRS{{idProduct}}=="{pid:04x}"'
        text += _KEYBOARD.format(vid=f"{vid:04x}", pid=wanted)
    return text
