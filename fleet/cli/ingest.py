"""`endcap fleet ingest`: processes that store events, beside one `endcap fleet serve --no-ingest` with the pages."""

from __future__ import annotations

import argparse
import logging
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from sqlalchemy.exc import SQLAlchemyError

from fleet.broker import guard
from fleet.cli.main import add_broker, ended_by_signal
from fleet.config import Config, ServeError
from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.monitoring.metrics import IngestCollector
from fleet.sources.base import EventSource
from fleet.sources.mqtt import MqttSource
from fleet.store.arrival import wait_for_database
from fleet.store.migrate import BadDatabase
from fleet.store.store import Store
from mqtt.security import context

AGAIN_S: Final = 1.0  # after a worker died, before the next
LOOK_S: Final = 0.2


def main(arguments: list[str]) -> int:
    """Store events until SIGTERM or Ctrl-C; 1 with one line where it cannot begin."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.data and not options.database:
        parser.error("--data or --database is needed")
    logging.basicConfig(level=options.log, format="%(levelname)s %(name)s: %(message)s")
    end = ended_by_signal()
    try:
        if options.workers > 1:
            return _watch(arguments, options, end)
        return _work(options, end)
    except (ServeError, SQLAlchemyError, BadDatabase, OSError) as error:
        print(f"endcap fleet ingest: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1


def _work(options: argparse.Namespace, end: threading.Event) -> int:
    config = Config(
        data=options.data or Path(), database_url=options.database, broker_ca=options.broker_ca,
        broker_certificate=options.broker_certificate, broker_key=options.broker_key,
    )  # fmt: skip
    source = _source(options, config)
    wait_for_database(config.database, end, _say)
    if end.is_set():
        return 0
    store = Store(config.database)
    ingest = Ingest(source, store, Hub())
    watched = _serve_metrics(options, ingest)
    ingest.start()
    said = False
    try:
        while not end.wait(LOOK_S):
            if not ingest.alive:
                raise ServeError("the thread that stores died; see the log")
            if ingest.connected and not said:
                said = True
                print(f"ingest worker {options.number} ready", flush=True)
    finally:
        if watched is not None:
            watched.shutdown()
            watched.server_close()
        ingest.stop()
        store.close()
    return 0


def _say(text: str) -> None:
    print(f"endcap fleet ingest: {text}", file=sys.stderr, flush=True)


def _serve_metrics(options: argparse.Namespace, ingest: Ingest) -> WSGIServer | None:
    """`/metrics` of this worker, on the port of the first plus its number. Raises OSError."""
    if options.metrics is None:
        return None
    host, port = options.metrics
    registry = CollectorRegistry()
    registry.register(IngestCollector(ingest))
    server, _thread = start_http_server(port + options.number, host, registry)
    return server


def _source(options: argparse.Namespace, config: Config) -> EventSource:
    tls = config.broker_tls
    if options.nats:
        from fleet.sources.nats import NatsSource  # its client only where it is used

        return NatsSource(options.nats, group=options.share, tls=context(tls) if tls else None)
    name = f"{options.name}-{options.share}-{socket.gethostname().replace('.', '-')}-{options.number}"
    host, port = options.broker
    return MqttSource(host, port, name, share=options.share, tls=tls)


def _watch(arguments: list[str], options: argparse.Namespace, end: threading.Event) -> int:
    """Keep so many workers running; each ends with us, however we end."""
    workers: dict[int, subprocess.Popen[bytes]] = {}
    wait_s = 0.0
    while not end.wait(wait_s):
        wait_s = LOOK_S
        for number in range(options.workers):
            worker = workers.get(number)
            if worker is not None and worker.poll() is not None:
                print(
                    f"endcap fleet ingest: worker {number} ended ({worker.returncode}), starting it again",
                    file=sys.stderr,
                    flush=True,
                )
                if end.wait(AGAIN_S):
                    break
            if worker is None or worker.poll() is not None:
                mine = [*arguments, "--workers", "1", "--number", str(number)]
                workers[number] = subprocess.Popen(
                    [sys.executable, "-I", "-S", guard.__file__, sys.executable, "-m", "fleet", "ingest", *mine],
                    stdin=subprocess.PIPE,
                )  # fmt: skip
    for worker in workers.values():
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers.values():
        worker.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet ingest", description=__doc__)
    add_broker(parser)
    parser.add_argument(
        "--nats", type=_servers, default=(), metavar="URL,URL",
        help="the nodes of a NATS cluster (nats://HOST:4222) in place of --broker; the files are for them too",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, help="the fleet's folder, where the database is SQLite in it")
    parser.add_argument("--database", default="", metavar="URL", help="postgresql://USER@HOST/NAME")
    parser.add_argument(
        "--share", default="ingest", metavar="NAME", help="all workers of one NAME divide the events"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default %(default)s)")
    parser.add_argument("--name", default="fleet", help="MQTT client ids begin with it (default %(default)s)")
    parser.add_argument(
        "--metrics", type=_host_and_port, metavar="HOST:PORT",
        help="Prometheus reads the first worker's counters there, the next one's on the port after it, ...",
    )  # fmt: skip
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--log", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


def _servers(text: str) -> tuple[str, ...]:
    servers = tuple(each.strip() for each in text.split(","))
    for each in servers:
        try:
            parsed = urlsplit(each)
            good = parsed.scheme in {"nats", "tls"} and parsed.hostname and parsed.port != 0
        except ValueError:  # a port that is none
            good = False
        if not good:
            raise argparse.ArgumentTypeError(f"{each!r}: nats://HOST:PORT expected, such as nats://mq-a:4222")
    return servers


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_000:
        raise argparse.ArgumentTypeError(f"{text!r}: expected HOST:PORT, such as 127.0.0.1:9101")
    return host, int(port)
