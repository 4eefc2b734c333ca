"""`endcap fleet broker-config`: what Debian's mosquitto needs to let this fleet's kiosks and programs in, and nobody else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fleet.clock import now_ms
from fleet.config import Config
from fleet.identity.authority import Authority, BadRequest
from fleet.identity.book import Book
from fleet.identity.broker_config import KIOSKS_PORT, SERVICES_PORT, BadPlan, Plan
from fleet.identity.publishing import write_broker, write_services
from fleet.store import Store

NEXT = """\
{out} is ready; as root, on the broker's machine:
  chgrp -R mosquitto {folder} && chmod 750 {folder}
  ln -s {folder}/endcap.conf /etc/mosquitto/conf.d/
  cp -r {folder}/systemd/. /etc/systemd/system/ && systemctl daemon-reload
  systemctl enable --now endcap-revocations.path && systemctl restart mosquitto
The fleet then comes in with
  --broker {services} --broker-ca {data}/services/ca.pem
  --broker-certificate {data}/services/serve.pem --broker-key {data}/services/serve.key"""


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
        store = Store(Config(data=options.data, database_url=options.database).database)
        try:
            revoked = Book(store, now_ms).revoked()
        finally:
            store.close()
        write_broker(authority, plan, options.out, options.host, revoked, now)
        write_services(authority, options.data, plan.services, now)
    except (OSError, BadPlan, BadRequest, SQLAlchemyError) as error:
        print(f"endcap fleet broker-config: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    services = f"{options.services_listen or options.host[0]}:{options.services_port}"
    print(NEXT.format(out=options.out, folder=folder, data=options.data, services=services))
    return 0


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
