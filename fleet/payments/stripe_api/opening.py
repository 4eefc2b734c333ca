"""Stripe as a table of payments.toml describes it; docs/providers.md explains the fields."""

from __future__ import annotations

import re
from typing import Final

from fleet.clock import now_ms
from fleet.payments.settings import Settings
from fleet.payments.stripe_api.adapter import StripeProvider
from fleet.payments.stripe_api.client import API, Client
from fleet.payments.stripe_api.wire import MOST

DEADLINE_S: Final = 8  # creating a code makes Stripe ask the scheme's bank
_KEY: Final = re.compile(rb"(sk|rk)_[A-Za-z0-9_]{8,250}")
_SECRET: Final = re.compile(rb"whsec_[A-Za-z0-9+/=_-]{8,250}")


def open_provider(key: str, settings: Settings) -> StripeProvider:
    """The provider. Raises BadSetting."""
    secret_key = settings.secret_file("secret_key_file")
    if not _KEY.fullmatch(secret_key):
        raise settings.bad("secret_key_file", "the file holds one secret or restricted key, sk_... or rk_...")
    secrets = settings.secret_file("webhook_secret_file").split()
    if len(secrets) > 2 or not all(_SECRET.fullmatch(secret) for secret in secrets):
        raise settings.bad("webhook_secret_file", "one or two lines, each whsec_...")
    billing_email, return_url = settings.text("billing_email", ""), settings.url("return_url", "")
    api_base = settings.url("api_base", API)
    least_minor = settings.number("least_minor", 1, least=1, most=MOST)
    deadline_s = settings.number("deadline_s", DEADLINE_S, least=1, most=60)
    return StripeProvider(
        key, Client(secret_key.decode(), deadline_s, api_base), tuple(secret.decode() for secret in secrets),
        lambda: now_ms() // 1000, billing_email, return_url, least_minor,
    )  # fmt: skip
