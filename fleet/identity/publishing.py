"""Writes what a broker needs into its folder, the services' certificates into the fleet's, and keeps both fresh."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509

from fleet.identity.authority import Authority, past_due
from fleet.identity.broker_config import Plan, access, configuration, units
from fleet.identity.certificates import BadAuthority, write_whole

SERVICES: Final = "services"  # DATA/services: the fleet's own certificates and keys
LISTED: Final = "brokers.json"  # DATA/ca/brokers.json: folders revocation lists are written to
LIST: Final = "kiosks.crl"


def write_broker(
    authority: Authority, plan: Plan, out: Path, hosts: Iterable[str], revoked: Iterable[tuple[int, int]], now_ms: int
) -> None:  # fmt: skip
    """Everything of a broker in `out`; from now on its revocation list is kept up there. Raises OSError, BadRequest."""
    out.mkdir(mode=0o750, parents=True, exist_ok=True)
    server = authority.server(hosts, now_ms)
    (out / "systemd/mosquitto.service.d").mkdir(parents=True, exist_ok=True)
    public = {
        "root.pem": authority.ca_pem, "services.pem": authority.services_pem, "server.pem": server.chain,
        "endcap.conf": configuration(plan).encode(), "acl": access(plan).encode(),
        LIST: authority.revocations(revoked, now_ms), "services.crl": authority.service_revocations((), now_ms),
        **{f"systemd/{name}": text.encode() for name, text in units(plan).items()},
    }  # fmt: skip
    for name, data in public.items():
        write_whole(out / name, data, 0o644)
    write_whole(out / "server.key", server.key, 0o640)
    _remember(authority, out)


def write_services(authority: Authority, data: Path, names: Iterable[str], now_ms: int) -> list[Path]:
    """The certificates of the fleet's own programs, DATA/services/NAME.pem and NAME.key; those that have a third of their
    life left stay. Returns those that were made. Raises BadAuthority, OSError.
    """
    folder = data / SERVICES
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / "ca.pem", authority.ca_pem, 0o644)
    made = []
    for name in names:
        certificate = folder / f"{name}.pem"
        if fresh(certificate, now_ms) and (folder / f"{name}.key").exists():
            continue
        issued = authority.service(name, now_ms)
        write_whole(folder / f"{name}.key", issued.key)
        write_whole(certificate, issued.chain, 0o644)
        made.append(certificate)
    return made


def publish_revocations(authority: Authority, revoked: list[tuple[int, int]], now_ms: int) -> list[str]:
    """Write the list into DATA/ca and into every broker's folder. Returns what could not be written, in words."""
    data = authority.revocations(revoked, now_ms)
    write_whole(authority.folder / LIST, data, 0o644)
    failed = []
    for folder in brokers(authority):
        try:
            write_whole(folder / LIST, data, 0o644)
        except OSError as error:
            failed.append(f"{folder / LIST}: {error.strerror}")
    return failed


def brokers(authority: Authority) -> list[Path]:
    """The folders revocation lists are written to. Raises BadAuthority."""
    path = authority.folder / LISTED
    try:
        return [Path(one) for one in msgspec.json.decode(path.read_bytes(), type=list[str])]
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise BadAuthority(f"{path}: a list of folders expected: {error}") from None


def fresh(certificate: Path, now_ms: int) -> bool:
    """Whether a certificate is there and has at least a third of its life left."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        return False
    return not past_due(read, now_ms)


def _remember(authority: Authority, out: Path) -> None:
    listed = [str(folder) for folder in brokers(authority)]
    if str(out.resolve()) not in listed:
        listed.append(str(out.resolve()))
        write_whole(authority.folder / LISTED, msgspec.json.encode(listed))
