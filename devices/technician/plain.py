"""Events, reports and what was found as plain data, for JSON and for tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from devices.events import DeviceEvent
from devices.finding.discovery import known_as
from devices.finding.sysfs import Found
from devices.models import Model
from devices.supervision.report import DeviceReport

_HUB = 0x09


def event_as_plain(event: DeviceEvent) -> dict[str, Any]:
    """An event's name and fields; bytes are hexadecimal."""
    values = {one.name: getattr(event, one.name) for one in fields(event)}
    return {
        "event": type(event).__name__,
        **{name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()},
    }


def report_as_plain(report: DeviceReport) -> dict[str, Any]:
    """A report; times in seconds, rounded to a tenth."""
    return {
        name: round(value, 1) if isinstance(value, float) else value for name, value in asdict(report).items()
    }


def found_as_plain(
    found: Iterable[Found], models: Mapping[str, Model], taken: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """What hangs on USB and is not configured, a record per device: where, what it says it is, which models it may be.

    `taken`: the places of what is configured, as in DeviceReport. Hubs are left out.
    """
    busy = {
        word.removeprefix("slot:") for place in taken for word in place.split() if word.startswith("slot:")
    }
    devices: dict[str, dict[str, Any]] = {}
    for one in found:
        if one.bus_path in busy or one.interface_class == _HUB:
            continue
        device = devices.setdefault(
            one.bus_path,
            {"port": one.slot, "usb": f"{one.vid:04x}:{one.pid:04x}", "serial": one.serial, "product": one.product,
             "models": []},
        )  # fmt: skip
        device["models"] += [
            model.name for model in known_as(one, models.values()) if model.name not in device["models"]
        ]
    return list(devices.values())
