"""`endcap fleet broker-config`: what Debian's mosquitto needs to let this fleet's kiosks and programs in, and nobody else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cryptography import x509
from sqlalchemy.exc import SQLAlchemyError

from fleet.clock import now_ms
from fleet.config import Config
from fleet.identity.authority import Authority, BadRequest
from fleet.identity.book import Book
from fleet.identity.broker_config import KIOSKS_PORT, SERVICES_PORT, BadPlan, Plan
from fleet.identity.publishing import publish_revocations, write_broker, write_services
from fleet.store.store import Store

NEXT = """\
{out} is ready; as root, on the broker's machine:
  chgrp -R mosquitto {folder} && chmod 750 {folder}
  ln -s {folder}/endcap.conf /etc/mosquitto/conf.d/
  cp -r {folder}/systemd/. /etc/systemd/system/ && systemctl daemon-reload
  systemctl enable --now endcap-revocations.path && systemctl restart mosquitto
The fleet then comes in with
  --broker {services} --broker-ca {data}/services/ca.pem
  --broker-certificate {data}/services/serve.pem --broker-key {data}/services/serve.key"""

RENEWED = """\
A new issuing certificate was made: {file}, good until {until}. Kiosks keep theirs until they renew. Now, in this order:
give every broker on another machine its new kiosks.crl and a reload; start the fleet again; put root.key back in its drawer"""


def main(arguments: list[str]) -> int:
    """Write the files; 0 where they are there, 1 with one line where they cannot be."""
    options = _parser().parse_args(arguments)
    folder = options.installed or options.out.resolve()
    try:
        plan = Plan(
            folder=folder, services=tuple(options.service or ("serve", "ingest")),
            kiosks_at=(options.listen, options.port), services_at=(options.services_listen, options.services_port),
        )  # fmt: skip
        now = now_ms()
        authority = Authority(options.data, now, options.operator)
        renewed = _renewed(authority, now)
        store = Store(Config(data=options.data, database_url=options.database).database)
        try:
            revoked = Book(store, now_ms).revoked()
        finally:
            store.close()
        write_broker(authority, plan, options.out, options.host, revoked, now)
        write_services(authority, options.data, plan.services, now)
        if renewed:
            for what in publish_revocations(authority, revoked, now):
                _warn(f"the revocation list could not be written: {what}")
    except (OSError, BadPlan, BadRequest, SQLAlchemyError) as error:
        _warn(str(error).splitlines()[0])
        return 1
    if renewed:
        print(RENEWED.format(file=renewed, until=_day(authority.issuing)))
    services = f"{options.services_listen or options.host[0]}:{options.services_port}"
    print(NEXT.format(out=options.out, folder=folder, data=options.data, services=services))
    return 0


def _renewed(authority: Authority, now_ms: int) -> str:
    """The file of the new issuing certificate; "" where none was made, which is said where one was due."""
    if not authority.issuing_due(now_ms):
        return ""
    until = f"the issuing certificate is good until {_day(authority.issuing)}"
    if authority.root.not_valid_after_utc <= authority.issuing.not_valid_after_utc:
        _warn(
            f"{until}, and so is the root: before that day kiosks need a new authority, see docs/identity.md"
        )
        return ""
    if not (key := authority.folder / "root.key").exists():
        _warn(f"{until} and due to be made anew, for which {key} is needed: put it there and run this again")
        return ""
    return authority.renew_issuing(now_ms)


def _day(certificate: x509.Certificate) -> str:
    return f"{certificate.not_valid_after_utc:%Y-%m-%d}"


def _warn(why: str) -> None:
    print(f"endcap fleet broker-config: {why}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet broker-config", description=__doc__)
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        required=True,
        help="the fleet's folder; its authorities are made there if needed",
    )
    add("--database", default="", metavar="URL", help="of the fleet, where it is not SQLite in --data")
    add("--out", type=Path, required=True, help="folder the files are written to")
    add("--installed", type=Path, metavar="DIR", help="where they will lie on the broker (default: --out)")
    add(
        "--host", action="append", required=True,
        help="a name or address clients reach the broker by; may be given again",
    )  # fmt: skip
    add("--listen", default="", metavar="ADDRESS", help="where kiosks come in (default: every address)")
    add("--port", type=int, default=KIOSKS_PORT, help="and the port (default %(default)s)")
    add(
        "--services-listen", default="127.0.0.1", metavar="ADDRESS",
        help='where the fleet comes in (default %(default)s; "" for every address)',
    )  # fmt: skip
    add("--services-port", type=int, default=SERVICES_PORT, help="and the port (default %(default)s)")
    add(
        "--service", action="append", metavar="NAME",
        help="a program of the fleet that gets a certificate (default: serve and ingest); may be given again",
    )  # fmt: skip
    add("--operator", default="Endcap", help="whose authority it is, when it is made (default %(default)s)")
    return parser
