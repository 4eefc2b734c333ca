"""Scanners on USB HID: bar code scanner reports, and keyboards."""

from __future__ import annotations

from devices.models import Model

MODELS: tuple[Model, ...] = ()
