"""The peripherals of a kiosk's configuration file: names, models and ports that can work together.

The whole file is the kiosk's (kiosk.config); a technician's tools read as much of it as they need, which is this.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.finding.ports import BadPort, check_port
from devices.models import Model, Setting

KINDS = ("scanner", "reader", "printer")
SEVERAL = ("scanner", "reader")  # a receipt is printed once, so there is one printer
_NAME = re.compile(r"(scanner|reader|printer)(?:-([2-9]))?")
SOCKET = "devices.sock"  # in the kiosk's state folder


class BadSettings(ValueError):
    """A configuration of devices that cannot work; says which key and what was expected."""


def kind_of(name: str) -> str:
    """What a device of that name is to the kiosk: scanner-2 is a scanner."""
    return name.partition("-")[0]


def check_settings(settings: Sequence[Setting], known: Mapping[str, Model]) -> None:
    """Raise BadSettings where one cannot work."""
    names: set[str] = set()
    ports: dict[str, str] = {}
    for place, one in enumerate(settings):
        where = f"at `devices[{place}]"
        if not _NAME.fullmatch(one.name):
            raise BadSettings(
                f"{one.name!r}: expected scanner, reader or printer, the second one scanner-2 - {where}.name`"
            )
        kind = kind_of(one.name)
        if one.model not in known:
            raise BadSettings(f"no model {one.model!r}; there are {', '.join(known)} - {where}.model`")
        if known[one.model].kind != kind:
            raise BadSettings(f"{one.model!r} is a {known[one.model].kind} - {where}.name`")
        if kind not in SEVERAL and kind in {kind_of(name) for name in names}:
            raise BadSettings(f"a second {kind}; one is used - {where}.name`")
        if one.name in names:
            raise BadSettings(f"a second {one.name}; expected another name, such as {kind}-2 - {where}.name`")
        try:
            check_port(one.port, known[one.model])
        except BadPort as error:
            raise BadSettings(f"{error} - {where}.port`") from None
        port = f"auto {one.model}" if one.port == "auto" else one.port
        if port in ports:
            raise BadSettings(f"{one.port!r} is the port of {ports[port]} already - {where}.port`")
        names.add(one.name)
        ports[port] = one.name


def read_settings(path: Path, known: Mapping[str, Model], key: bytes) -> tuple[list[Setting], Path | None]:
    """The devices of a kiosk's configuration file, and its agent's socket for tools. Raises BadSettings.

    A file of nothing but devices is a bench's, where no agent runs: it has no socket. `key` makes card tokens.
    """
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        bench = file.keys() == {"devices"}
        socket = None if bench else path.resolve().parent / file["paths"]["state"] / SOCKET
        settings = [_setting(table, number, key) for number, table in enumerate(file.get("devices", []))]
        check_settings(settings, known)
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror}") from error
    except KeyError as error:
        raise BadSettings(f"{path}: missing {error} - at `paths`") from None
    except (ValueError, TypeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    return settings, socket


def _setting(table: Any, number: int, key: bytes) -> Setting:
    if not isinstance(table, dict):
        raise BadSettings(f"expected a table - at `devices[{number}]`")
    words = [table.get("name"), table.get("model"), table.get("port", "auto")]
    read_tags = table.get("read_tags", False)
    if not all(isinstance(word, str) for word in words) or not isinstance(read_tags, bool):
        raise BadSettings(f"expected name and model, perhaps port and read_tags - at `devices[{number}]`")
    return Setting(words[0], words[1], words[2], key, read_tags)
