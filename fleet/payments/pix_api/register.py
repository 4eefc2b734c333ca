"""`endcap fleet pix-webhook`: tell a provider of API Pix where to call, by `PUT /webhook/{chave}`."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from fleet.payments.pix_api.opening import open_for_webhook
from fleet.payments.port import ProviderError
from fleet.payments.settings import BadSetting, Settings


def main(arguments: list[str]) -> int:
    """0 where it is registered, 1 with one line where it is not. The address holds a secret and is not printed."""
    parser = argparse.ArgumentParser(prog="endcap fleet pix-webhook", description=__doc__)
    parser.add_argument("--payments", type=Path, required=True, metavar="FILE", help="payments.toml")
    parser.add_argument("--provider", required=True, metavar="NAME", help="of [providers.NAME]")
    parser.add_argument("--url", required=True, help="how the provider reaches the fleet: https://HOST")
    options = parser.parse_args(arguments)
    try:
        settings = _table(options.payments, options.provider)
        url = Settings({"--url": options.url}, Path()).url("--url")
        provider, secret = open_for_webhook(options.provider, settings)
        try:
            provider.register_webhook(f"{url}/webhooks/{options.provider}/{secret}")
        finally:
            provider.close()
    except (BadSetting, ProviderError, OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        print(f"endcap fleet pix-webhook: {error}", file=sys.stderr)
        return 1
    print(f"{options.provider} calls {url}/webhooks/{options.provider}/... from now on")
    return 0


def _table(path: Path, name: str) -> Settings:
    with path.open("rb") as file:
        values: Any = tomllib.load(file).get("providers", {}).get(name)
    if not isinstance(values, dict):
        raise BadSetting(f"providers.{name}", f"no such table in {path}")
    settings = Settings(values, path.parent, f"providers.{name}")
    settings.text("adapter", among=("pix-api",))
    return settings
