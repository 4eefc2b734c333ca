"""Alipay as a table of payments.toml describes it; docs/providers.md explains the fields."""

from __future__ import annotations

import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fleet.clock import now_ms
from fleet.payments import rsa
from fleet.payments.alipay_api.adapter import AlipayProvider
from fleet.payments.alipay_api.session import GATEWAY, Account, Session
from fleet.payments.settings import Settings

DEADLINE_S: Final = 5
_NUMBER: Final = re.compile(r"[0-9]{10,32}")


def open_provider(key: str, settings: Settings) -> AlipayProvider:
    """The provider. Raises BadSetting."""
    app_id, seller_id = settings.text("app_id"), settings.text("seller_id", "")
    for name, value in (("app_id", app_id), ("seller_id", seller_id)):
        if value and not _NUMBER.fullmatch(value):
            raise settings.bad(name, f"10 to 32 digits, is {value!r}")
    try:
        private_key = rsa.private_key(settings.secret_file("private_key_file"))
    except rsa.BadKey as error:
        raise settings.bad("private_key_file", f"the file holds {error}") from None
    account = Account(
        app_id=app_id, private_key=private_key, platform_keys=_platform_keys(settings),
        notify_url=_notify_url(settings), seller_id=seller_id, url=settings.url("url", GATEWAY),
    )  # fmt: skip
    deadline_s = settings.number("deadline_s", DEADLINE_S, least=1, most=60)
    return AlipayProvider(key, account, Session(account, _now, deadline_s), _now)


def _now() -> int:
    return now_ms() // 1000


def _notify_url(settings: Settings) -> str:
    url = settings.url("notify_url")
    if len(url) > 256:
        raise settings.bad("notify_url", "at most 256 characters")
    return url


def _platform_keys(settings: Settings) -> tuple[RSAPublicKey, ...]:
    name = "alipay_public_keys"
    paths = settings.paths(name)
    if not 1 <= len(paths) <= 2:
        raise settings.bad(name, "one file, or two while Alipay's key changes")
    keys = []
    for path in paths:
        try:
            keys.append(rsa.public_key(path.read_bytes()))
        except (OSError, rsa.BadKey) as error:
            raise settings.bad(name, f"{path}: {error}") from None
    return tuple(keys)
