"""The desk a configuration asks for."""

from __future__ import annotations

from fleet.clock import now_ms
from fleet.config import Config
from fleet.live import Hub
from fleet.payments.codecs import BadPayload
from fleet.payments.desk import PaymentDesk, Tell
from fleet.payments.methods import CannotConfirm, offered
from fleet.payments.sandbox import SandboxProvider
from fleet.payments.sandbox_api import keys_in
from fleet.store import Store


class BadPayments(ValueError):
    """Payments cannot work as configured; one line that says what is missing."""


def open_desk(config: Config, store: Store, tell: Tell, live: Hub) -> PaymentDesk | None:
    """The desk, not yet started; None where there is no provider. Raises BadPayments."""
    if not config.provider_url:
        return None
    if config.provider_keys is None:
        raise BadPayments("--provider-keys: the folder the provider keeps its keys in")
    provider = SandboxProvider(config.provider_url, keys_in(config.provider_keys), lambda: now_ms() // 1000)
    try:
        methods = offered(config.methods, provider, config.merchant)
    except (CannotConfirm, BadPayload) as error:
        provider.close()
        raise BadPayments(f"--methods {' '.join(config.methods)}: {error}") from None
    return PaymentDesk(store, methods, tell, live, now_ms)
