"""WeChat Pay as a table of payments.toml describes it; docs/providers.md explains the fields."""

from __future__ import annotations

import re
from typing import Final

from fleet.clock import now_ms
from fleet.payments import rsa
from fleet.payments.settings import Settings
from fleet.payments.wechat_api.adapter import WeChatProvider
from fleet.payments.wechat_api.seal import Platform, PlatformKey
from fleet.payments.wechat_api.session import API, Account, Session

DEADLINE_S: Final = 5
_MCHID: Final = re.compile(r"[0-9]{6,32}")
_SERIAL: Final = re.compile(r"[0-9A-F]{8,64}")


def open_provider(key: str, settings: Settings) -> WeChatProvider:
    """The provider. Raises BadSetting."""
    mchid, serial = settings.text("mchid"), settings.text("certificate_serial").upper()
    if not _MCHID.fullmatch(mchid):
        raise settings.bad("mchid", f"the merchant's number, digits only, is {mchid!r}")
    if not _SERIAL.fullmatch(serial):
        raise settings.bad("certificate_serial", f"hexadecimal digits, is {serial!r}")
    try:
        private_key = rsa.private_key(settings.secret_file("private_key_file"))
    except rsa.BadKey as error:
        raise settings.bad("private_key_file", f"the file holds {error}") from None
    api_v3_key = settings.secret_file("api_v3_key_file")
    if len(api_v3_key) != 32:
        raise settings.bad("api_v3_key_file", f"the file holds 32 bytes, are {len(api_v3_key)}")
    account = Account(
        mchid=mchid, appid=settings.text("appid"), serial=serial, private_key=private_key, api_v3_key=api_v3_key,
        notify_url=_notify_url(settings), url=settings.url("url", API),
    )  # fmt: skip
    platform = _platform(settings)
    deadline_s = settings.number("deadline_s", DEADLINE_S, least=1, most=60)
    return WeChatProvider(key, account, platform, Session(account, platform, _now, deadline_s), _now)


def _now() -> int:
    return now_ms() // 1000


def _notify_url(settings: Settings) -> str:
    url = settings.url("notify_url")
    if "?" in url or len(url) > 255:
        raise settings.bad("notify_url", "an address without parameters, at most 255 characters")
    return url


def _platform(settings: Settings) -> Platform:
    """The public key first where there is one: it is what WeChat Pay moves merchants to."""
    keys: dict[str, PlatformKey] = {}
    key_id = settings.text("platform_key_id", "")
    path = settings.path("platform_key", "")
    if bool(key_id) != (not path.is_dir()):
        raise settings.bad("platform_key", "stands together with platform_key_id")
    try:
        if key_id:
            keys[key_id] = PlatformKey(rsa.public_key(path.read_bytes()))
        for path in settings.paths("platform_certificates", ()):
            serial, public_key, until_s = rsa.certificate(path.read_bytes())
            keys[serial] = PlatformKey(public_key, until_s)
    except (OSError, rsa.BadKey) as error:
        field = "platform_key" if key_id and not keys else "platform_certificates"
        raise settings.bad(field, f"{path}: {error}") from None
    if not keys:
        raise settings.bad("platform_key", "WeChat Pay's public key, or platform_certificates, is needed")
    return Platform(keys)
