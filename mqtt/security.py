"""What a connection needs to be let in: who we are, and whom we believe."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NO_CHECK_TIME: Final = ssl.VerifyFlags(0x200000)  # X509_V_FLAGNO_CHECK_TIME of <openssl/x509_vfy.h>


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS 1.3 to a broker. Files are PEM and read anew at every connect, so that a renewed certificate is used by itself.

    `ca`: whom we believe. `certificate` (with its chain, leaf first) and `key`: who we are, both or neither. `server_name`:
    what the broker's certificate must be for, its host name or address where "".

    `known_ms`: for a machine whose clock cannot be believed (a Raspberry Pi has no battery for it): a moment (Unix ms) that
    has passed for certain. The broker's certificate then is good if it had not expired at that moment, whatever this
    machine's clock says. None: the clock is right, and judges its dates as usual.
    """

    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""
    known_ms: int | None = None


class _Socket(ssl.SSLSocket):
    """Judges the peer's last day against a moment known to have passed, where the context has one."""

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        known_ms = self.context.known_ms if isinstance(self.context, _Context) else None
        if known_ms is None:
            return
        until = (self.getpeercert() or {}).get("notAfter")
        if not isinstance(until, str) or ssl.cert_time_to_seconds(until) * 1000 < known_ms:
            raise ssl.SSLCertVerificationError(f"the broker's certificate expired on {until}")


class _Context(ssl.SSLContext):
    """Checks the peer against a name of ours where one is set: a broker is often reached by an address its certificate
    does not carry. Shakes hands at once, because paho leaves the socket open where that fails.
    """

    server_name = ""
    known_ms: int | None = None
    sslsocket_class = _Socket

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        if self.server_name:
            named["server_hostname"] = self.server_name
        wrapped = super().wrap_socket(sock, *arguments, **named)
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def context(tls: Tls) -> ssl.SSLContext:
    """The files of `tls`, read now. Raises OSError, which says the file, where one is missing or is not what it should be."""
    if (tls.certificate is None) != (tls.key is None):
        raise OSError("TLS: a certificate needs its key, and a key its certificate")
    made = _Context(ssl.PROTOCOL_TLS_CLIENT)  # asks for a certificate and checks its name
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.server_name, made.known_ms = tls.server_name, tls.known_ms
    if tls.known_ms is not None:
        made.verify_flags |= NO_CHECK_TIME
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
