"""API Pix as a table of payments.toml describes it; docs/providers.md explains the fields."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Final

from fleet.clock import now_ms
from fleet.payments.pix_api.adapter import PixProvider
from fleet.payments.pix_api.hook import SECRET, Door
from fleet.payments.pix_api.session import SCOPES, Account, Session, trust
from fleet.payments.settings import Settings

DEADLINE_S: Final = 5


def open_provider(key: str, settings: Settings) -> PixProvider:
    """The provider. Raises BadSetting."""
    return _opened(key, settings, settings.text("scopes", SCOPES), _secrets(settings))


def open_for_webhook(key: str, settings: Settings) -> tuple[PixProvider, str]:
    """The provider, allowed to say where it is to be called, and the newest secret of that address. Raises BadSetting."""
    secrets = _secrets(settings)
    return _opened(key, settings, f"{settings.text('scopes', SCOPES)} webhook.write", secrets), secrets[-1]


def _opened(key: str, settings: Settings, scopes: str, secrets: tuple[str, ...]) -> PixProvider:
    account = Account(
        url=settings.url("url"), token_url=settings.url("token_url"), client_id=settings.text("client_id"),
        client_secret=_ascii(settings, "client_secret_file"), scopes=scopes,
    )  # fmt: skip
    header, value = settings.text("sender_header", ""), settings.text("sender_value", "")
    if bool(header) != bool(value):
        raise settings.bad("sender_header", "stands together with sender_value")
    pix_key, context = settings.text("pix_key"), _trust(settings)
    deadline_s = settings.number("deadline_s", DEADLINE_S, least=1, most=60)
    session = Session(account, context, _now, deadline_s)
    return PixProvider(key, session, pix_key, Door(secrets, header, value), _now)


def _now() -> int:
    return now_ms() // 1000


def _ascii(settings: Settings, name: str) -> str:
    try:
        return settings.secret_file(name).decode("ascii")
    except UnicodeDecodeError:
        raise settings.bad(name, "the file holds an ASCII text") from None


def _secrets(settings: Settings) -> tuple[str, ...]:
    name = "webhook_secret_file"
    secrets = tuple(_ascii(settings, name).split())
    if len(secrets) > 2 or not all(SECRET.fullmatch(secret) for secret in secrets):
        raise settings.bad(name, "one or two lines, each of 32 to 128 characters of A-Z a-z 0-9 _ -")
    return secrets


def _trust(settings: Settings) -> ssl.SSLContext:
    """Our certificate and its key, and the authorities that vouch for the provider: `ca`, else the system's."""
    certificate, private_key = settings.path("certificate"), settings.path("private_key")
    given = settings.path("ca", "")
    ca = None if given.is_dir() else given
    for name, path in (("certificate", certificate), ("private_key", private_key), ("ca", ca)):
        if path is not None and not path.is_file():
            raise settings.bad(name, f"{path} is no file")
    if _open_to_all(private_key):
        raise settings.bad("private_key", f"{private_key} is open to every user: chmod o-rwx")
    try:
        return trust(str(certificate), str(private_key), str(ca or ""))
    except OSError as error:  # ssl.SSLError is one
        raise settings.bad("certificate", f"does not open with private_key and ca: {error}") from None


def _open_to_all(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IRWXO)
