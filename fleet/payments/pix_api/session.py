"""The connection to a provider of API Pix: mutual TLS, and an OAuth 2 token by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from fleet.payments.exchange import Answer, exchange
from fleet.payments.pix_api import wire
from fleet.payments.port import ProviderDown

Now = Callable[[], int]  # Unix seconds
SCOPES: Final = "cob.read cob.write pix.read pix.write"
EARLY_S: Final = (
    30  # a token is replaced so long before it ends: a request with it may take a while to arrive
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the provider is and who we are there. Secrets do not show when it is printed."""

    url: str  # of the API, with its version: https://pix.example.com/api/v2
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str = SCOPES


class Session:
    """Asks with a valid token, and once more with a new one where the provider has forgotten the old one.

    `trust` holds our certificate and whom we believe to be the provider. May be used from any thread.
    """

    def __init__(self, account: Account, trust: ssl.SSLContext, now: Now, deadline_s: float) -> None:
        self._account, self._now, self._deadline_s = account, now, deadline_s
        self._http = httpx.Client(verify=trust, trust_env=False)
        self._lock = threading.Lock()
        self._token, self._until_s = "", 0

    def ask(self, verb: str, path: str, body: Any = None) -> Answer:
        """One exchange. Raises ProviderDown where its outcome is unknown, or we are not let in."""
        token = self._fresh("")
        answer = self._send(verb, path, body, token)
        if answer.status == 401:  # refused before anything was done, so it can be said again
            answer = self._send(verb, path, body, self._fresh(token))
        if answer.status in (401, 403):  # our credentials, not this charge: asking later may help
            raise ProviderDown(f"not let in: HTTP {answer.status} {_text(answer)}")
        if answer.status >= 500 or answer.status in (408, 429) or 300 <= answer.status < 400:
            raise ProviderDown(f"HTTP {answer.status}")
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, verb: str, path: str, body: Any, token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}"}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(body)
        return exchange(
            self._http, verb, self._account.url + path, deadline_s=self._deadline_s, headers=headers, content=content
        )  # fmt: skip

    def _fresh(self, refused: str) -> str:
        """A token that is neither too old nor the `refused` one; asked for by one thread at a time."""
        with self._lock:
            if self._token in ("", refused) or self._now() >= self._until_s:
                token = self._asked_for()
                self._token, self._until_s = token.access_token, self._now() + token.expires_in - EARLY_S
            return self._token

    def _asked_for(self) -> wire.Token:
        account = self._account
        answer = exchange(
            self._http, "POST", account.token_url, deadline_s=self._deadline_s,
            auth=(account.client_id, account.client_secret),
            data={"grant_type": "client_credentials", "scope": account.scopes},
        )  # fmt: skip
        if answer.status != 200:
            raise ProviderDown(f"no token: HTTP {answer.status}")
        return wire.read(answer.body, wire.Token)


def _text(answer: Answer) -> str:
    """What a refusal says, as far as it can be read."""
    try:
        return wire.read(answer.body, wire.Problem).text
    except ProviderDown:
        return ""


def trust(certificate: str, private_key: str, ca: str = "") -> ssl.SSLContext:
    """TLS 1.2 or newer with our certificate; `ca`: a file of authorities instead of the system's. Raises OSError."""
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password argument OpenSSL would stop and ask the terminal for that of an encrypted key.
    context.load_cert_chain(certificate, private_key, password="")
    return context
