"""The adapters there are: what may stand as `adapter = "..."` in payments.toml.

A row names `open_provider(key, settings) -> Provider` of a module, which is imported only where it is used, so that a
fleet without Stripe needs no Stripe. `key` is the provider's name in the file; the function reads its own settings with
the getters of `Settings` and raises BadSetting for what cannot be.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from fleet.payments.port import Provider
from fleet.payments.settings import BadSetting, Settings

Open = Callable[[str, Settings], Provider]

ADAPTERS: Final[dict[str, str]] = {
    "sandbox": "fleet.payments.sandbox:open_provider",
    "pix-api": "fleet.payments.pix_api.opening:open_provider",
    "stripe": "fleet.payments.stripe_api.opening:open_provider",
    "wechat": "fleet.payments.wechat_api.opening:open_provider",
    "alipay": "fleet.payments.alipay_api.opening:open_provider",
}


def open_provider(key: str, settings: Settings) -> Provider:
    """The provider `key` of a table of payments.toml. Raises BadSetting."""
    adapter = settings.text("adapter", among=ADAPTERS)
    module, _, function = ADAPTERS[adapter].partition(":")
    try:
        opens: Open = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise BadSetting(
            settings.field("adapter"),
            f"{adapter!r} needs the Python module {error.name!r}, which is not installed",
        ) from None
    provider = opens(key, settings)
    try:
        settings.done()
    except BadSetting:
        provider.close()
        raise
    return provider
