"""`endcap fleet serve | broker | ...`: the program at the operator."""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from fleet.broker.broker import KINDS, LOOPBACK, BrokerError, start_broker
from fleet.config import LOOPBACK_NETWORKS, Config, ServeError
from fleet.merchant import Merchant

BROKER_PORT: Final = 1883

# name -> (module with main(arguments) -> exit code, or module:function, what it does); those below are built in
MORE: Final[dict[str, tuple[str, str]]] = {
    "command": ("fleet.cli.command", "have kiosks do something"),
    "desired": ("fleet.cli.desired", "say how kiosks are to be, or look how they are"),
    "rollout": ("fleet.cli.rollout", "bring a release to kiosks ring by ring"),
    "pin": ("fleet.cli.pin:pin_main", "keep kiosks at a release"),
    "unpin": ("fleet.cli.pin:unpin_main", "let kiosks go that were kept at a release"),
    "tag": ("fleet.cli.pin:tag_main", "give kiosks words by which rings choose"),
    "sold-out": ("fleet.cli.live:sold_out", "take a product off sale until it is there again"),
    "available": ("fleet.cli.live:available", "sell a product that was sold out"),
    "price": ("fleet.cli.live:price", "lower a price at once"),
    "recall": ("fleet.cli.live:recall", "stop the sale of a product everywhere, baskets included"),
    "undo": ("fleet.cli.live:undo", "end a live change"),
    "live-changes": ("fleet.cli.live:show", "list live changes, and kiosks that do not obey yet"),
    "alert": ("fleet.cli.alert", "raise, change, clear and follow what goes before everything"),
    "sandbox": ("fleet.payments.sandbox_server.cli", "a payment provider that moves no money"),
    "broker-config": ("fleet.identity.cli_broker", "make mosquitto's configuration, with certificates"),
    "revoke": ("fleet.identity.cli_revoke", "void a kiosk's certificates"),
    "ingest": ("fleet.cli.ingest", "store events in processes of their own"),
    "report": ("fleet.cli.report", "adverts measured: plays, facings, grades, share of voice"),
    "gaps": ("fleet.cli.check:gaps_main", "say which events are missing"),
    "accept-loss": ("fleet.cli.losses", "say that events a restored backup lacks are gone"),
    "verify": ("fleet.cli.check:verify_main", "compare sums with the events they are of"),
    "poison": ("fleet.cli.check:poison_main", "list what could not be read, or read it again"),
    "rotate-links": ("fleet.shop.rotate", "sign walls' links with a new secret"),
    "simulate": ("kiosk.simulate.cli", "kiosks without walls, for load and for training"),
    "pix-webhook": ("fleet.payments.pix_api.register", "tell a provider of API Pix where to call"),
    "nats-config": ("fleet.cli.cluster", "what a node of a cluster of brokers is told"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 where it ended as asked, 1 with one line where it could not go on."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in MORE:
        module, _, function = MORE[words[0]][0].partition(":")
        return int(getattr(importlib.import_module(module), function or "main")(words[1:]) or 0)
    options = _parser().parse_args(words)
    logging.basicConfig(level=options.log, format="%(levelname)s %(name)s: %(message)s")
    try:
        return int(options.run(options))
    except (BrokerError, ServeError) as error:
        print(f"endcap fleet: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="store events, answer kiosks, serve the pages")
    add_broker(serve)
    serve.add_argument(
        "--no-ingest",
        action="store_true",
        help="events are stored by `endcap fleet ingest`, which shares the database",
    )
    serve.add_argument(
        "--database",
        default="",
        metavar="URL",
        help="postgresql://USER@HOST/NAME (default: SQLite in --data)",
    )
    serve.add_argument(
        "--kiosk-broker", type=_address, metavar="HOST:PORT",
        help="where kiosks reach the broker: new ones can then be let in on the page Enrolment",
    )  # fmt: skip
    serve.add_argument(
        "--raw-days",
        type=int,
        default=90,
        metavar="N",
        help="keep raw events so long, 0 for ever (default %(default)s)",
    )
    serve.add_argument("--host", default=LOOPBACK, help="address the pages listen on (default %(default)s)")
    serve.add_argument(
        "--port", type=int, default=8080, help="port of the pages, 0 for any (default %(default)s)"
    )
    serve.add_argument(
        "--public-url", default="", help="how phones reach the pages (default http://HOST:PORT)"
    )
    serve.add_argument("--name", default="fleet", help="MQTT client ids begin with it (default %(default)s)")
    serve.add_argument(
        "--trusted-proxy", action="append", metavar="NETWORK",
        help="whose X-Forwarded-For tells clients apart (default: this machine); may be given again",
    )  # fmt: skip
    serve.add_argument("--catalogue", type=Path, help="folder of the published store")
    serve.add_argument(
        "--releases", type=Path, metavar="DIR",
        help="the repository of signed releases (docs/rollouts.md), served to kiosks under /content/",
    )  # fmt: skip
    serve.add_argument(
        "--drift-minutes", type=int, default=60, metavar="N",
        help="a kiosk that does not run what it is to run for so long is an alarm (default %(default)s)",
    )  # fmt: skip
    serve.add_argument(
        "--live-key", type=Path, metavar="FILE",
        help="TENANT.live.pem: signs what changes between releases (docs/live-changes.md)",
    )  # fmt: skip
    _add_payments(serve.add_argument_group("payments"))
    group = serve.add_argument_group("alerts (docs/emergency.md)")
    group.add_argument("--alert-key", type=Path, metavar="FILE", help="TENANT.alert.pem: signs them")
    group.add_argument("--stations", type=Path, metavar="FILE", help="where sites stand, as TOML")
    group.add_argument(
        "--cap-feed", default="", metavar="URL", help="asked for alerts of CAP 1.2, every half minute"
    )
    group.add_argument(
        "--cap-token", type=Path, metavar="FILE", help="the word whoever posts to /alerts/cap must know"
    )
    group.add_argument(
        "--cap-kiosks", default="", metavar="PATTERN", help="for alerts that name no place we know"
    )
    serve.set_defaults(run=_serve)

    broker = commands.add_parser("broker", help="run an MQTT broker for this machine")
    broker.add_argument("--port", type=int, default=BROKER_PORT, help="0 for any (default %(default)s)")
    broker.add_argument("--prefer", choices=KINDS, help="which one, where both are installed")
    broker.set_defaults(run=_broker)

    for command in (serve, broker):
        command.add_argument(
            "--data", type=Path, required=True, help="folder of its own; made if it is not there"
        )
        command.add_argument("--log", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    for name, (_, what) in MORE.items():
        commands.add_parser(name, help=what)
    return parser


def add_broker(command: argparse.ArgumentParser) -> None:
    """The options that say where the broker is and how it is spoken to."""
    command.add_argument("--broker", type=_address, default=(LOOPBACK, BROKER_PORT), metavar="HOST:PORT")
    group = command.add_argument_group("TLS to the broker (docs/identity.md)")
    group.add_argument("--broker-ca", type=Path, metavar="FILE", help="whom we believe")
    group.add_argument("--broker-certificate", type=Path, metavar="FILE", help="who we are, with its chain")
    group.add_argument("--broker-key", type=Path, metavar="FILE", help="its key")


def _add_payments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--payments",
        type=Path,
        metavar="FILE",
        help="payments.toml: providers, methods and what stations offer",
    )
    group.add_argument(
        "--provider", default="", metavar="URL", help="the sandbox provider; without one nothing is paid"
    )
    group.add_argument(
        "--provider-pages", default="", metavar="URL", help="where its pages are, if not there"
    )
    group.add_argument(
        "--provider-keys", type=Path, metavar="DIR", help="the folder the provider keeps its keys in"
    )
    group.add_argument(
        "--methods",
        nargs="+",
        default=["link", "card"],
        help="of link, card, epc, pix-static, in the order offered",
    )
    group.add_argument("--merchant", default="Endcap", help="who is paid, as commuters read it")
    for account in ("city", "iban", "bic", "pix-key"):
        group.add_argument(f"--{account}", default="", help="of the merchant")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: HOST:PORT expected, such as {LOOPBACK}:{BROKER_PORT}")
    return host, int(port)


def _serve(options: argparse.Namespace) -> int:
    # pages and database, a second of CPU on a small machine: only where they run
    from fleet.serve import Fleet
    from fleet.store.arrival import wait_for_database

    config = Config(
        data=options.data, database_url=options.database, raw_days=options.raw_days, broker_host=options.broker[0], broker_port=options.broker[1], host=options.host,
        broker_ca=options.broker_ca, broker_certificate=options.broker_certificate, broker_key=options.broker_key,
        kiosk_broker=options.kiosk_broker, ingest=not options.no_ingest,
        port=options.port, public_url=options.public_url,
        trusted_proxies=tuple(options.trusted_proxy or LOOPBACK_NETWORKS), name=options.name, catalogue=options.catalogue,
        releases=options.releases, live_key=options.live_key, alert_key=options.alert_key, stations=options.stations,
        cap_feed=options.cap_feed, cap_token=options.cap_token, cap_kiosks=options.cap_kiosks, drift_minutes=options.drift_minutes,
        payments=options.payments, provider_url=options.provider, provider_pages=options.provider_pages, provider_keys=options.provider_keys, methods=tuple(options.methods),
        merchant=Merchant(
            name=options.merchant, city=options.city, iban=options.iban, bic=options.bic, pix_key=options.pix_key
        ),
    )  # fmt: skip
    end = ended_by_signal()
    wait_for_database(
        config.database, end, lambda text: print(f"endcap fleet: {text}", file=sys.stderr, flush=True)
    )
    if end.is_set():
        return 0
    with Fleet(config) as fleet:
        print(f"fleet ready at {fleet.url}", flush=True)
        while not end.wait(1.0):
            if not fleet.alive:
                raise ServeError("a part of the fleet died; see the log")
    return 0


def _broker(options: argparse.Namespace) -> int:
    end = ended_by_signal()
    deaths: list[str] = []

    def died(why: str) -> None:
        deaths.append(why)
        end.set()

    broker = start_broker(options.data, options.port, options.prefer, on_death=died)
    print(f"{broker.kind} ready on {broker.host}:{broker.port}", flush=True)
    end.wait()
    broker.stop()
    if deaths:
        raise BrokerError(deaths[0])
    return 0


def ended_by_signal() -> threading.Event:
    """Set by SIGTERM or Ctrl-C."""
    end = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        end.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return end
