"""What a connection needs to be let in: who we are, and whom we believe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
