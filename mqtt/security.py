"""What a connection needs to be let in: who we are, and whom we believe."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS 1.3 to a broker. Files are PEM and read anew at every connect, so that a renewed certificate is used by itself.

    `ca`: whom we believe. `certificate` (with its chain, leaf first) and `key`: who we are, both or neither. `server_name`:
    what the broker's certificate must be for, its host name or address where "".
    """

    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""


class _Context(ssl.SSLContext):
    """Checks the peer against a name of ours where one is set: a broker is often reached by an address its certificate
    does not carry.
    """

    server_name = ""

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        if self.server_name:
            named["server_hostname"] = self.server_name
        return super().wrap_socket(sock, *arguments, **named)


def context(tls: Tls) -> ssl.SSLContext:
    """The files of `tls`, read now. Raises OSError, which says the file, where one is missing or is not what it should be."""
    if (tls.certificate is None) != (tls.key is None):
        raise OSError("TLS: a certificate needs its key, and a key its certificate")
    made = _Context(ssl.PROTOCOL_TLS_CLIENT)  # asks for a certificate and checks its name
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.server_name = tls.server_name
    try:
        made.load_verify_locations(tls.ca)
    except OSError as error:
        raise OSError(f"TLS: {tls.ca} cannot be used: {error}") from error
    if tls.certificate is not None and tls.key is not None:
        try:
            made.load_cert_chain(tls.certificate, tls.key, password=_no_password)
        except OSError as error:
            raise OSError(f"TLS: {tls.certificate} with {tls.key} cannot be used: {error}") from error
    return made


def _no_password() -> str:
    """Without it OpenSSL asks at the terminal for the password of a key that has one."""
    return ""
