"""Three nats-server nodes that keep every message on at least two disks: the broker where one machine is not enough.

`endcap fleet nats-config` writes the configuration of one node of an operator's cluster; `LocalCluster` runs three on
this machine, for tests, measurements and for trying what happens when one dies.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fleet.broker.broker import LOOPBACK, Broker, BrokerError, claim_port, find_broker, launch
from mqtt.security import Tls

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")
CLIENT_PORT: Final = 4222  # ingest workers
ROUTE_PORT: Final = 6222  # the other nodes
MQTT_PORT: Final = 1883  # kiosks
MONITOR_PORT: Final = 8222  # /healthz, /jsz: on loopback only
HEALTHY_S: Final = 20.0  # longest wait for a first leader
LARGEST: Final = 320 * 1024  # bytes of a message; mqtt.client.MAX_PAYLOAD is less
# What waits for ingest while it is away: a thousand kiosks' commuters for some days at half a kilobyte an event.
STORE_BYTES: Final = 16 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One server. `name` is one level of the contract's topics; `host` a name or an address the others reach it by."""

    name: str
    host: str
    client_port: int = CLIENT_PORT
    route_port: int = ROUTE_PORT
    mqtt_port: int = MQTT_PORT
    monitor_port: int = MONITOR_PORT

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"{self.name!r}: a node's name has 1 to 32 of A-Z a-z 0-9 _ -")
        if not self.host or not all(letter.isalnum() or letter in ".-:" for letter in self.host):
            raise ValueError(f"{self.host!r}: a host's name or address expected")

    def at(self, port: int) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


def parse_node(text: str) -> Node:
    """`NAME=HOST`, as on the command line. Raises ValueError."""
    name, equals, host = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r}: NAME=HOST expected, such as a=mq-a.example")
    return Node(name=name, host=host)


def node_config(
    node: Node,
    nodes: Sequence[Node],
    folder: Path,
    *,
    sync: str = "",
    tls: Tls | None = None,
    listen: str = "",
) -> str:
    """nats-server's configuration of `node` among `nodes`; it keeps its data in `folder`.

    Every stream has as many copies as there are nodes (at most 5, an odd number). `sync`: how often data goes to the
    disk, "always" or a time such as "10s"; "" leaves nats-server's two minutes: a copy on another node is what a
    killed process costs nothing for, only a power cut of all nodes at once does, and then kiosks send again. `tls` is
    for all three listeners. `listen`: the address to listen on, `node.host` where "".
    Raises ValueError where `nodes` are not an odd number with `node` among them, or two have one name.
    """
    names = [other.name for other in nodes]
    if node.name not in names or len(set(names)) != len(names) or len(nodes) not in (1, 3, 5):
        raise ValueError(
            f"{', '.join(names)}: one, three or five nodes of different names, {node.name} among them"
        )
    here = replace(node, host=listen or node.host)
    routes = ", ".join(f'"nats-route://{other.at(other.route_port)}"' for other in nodes if other != node)
    secured = _tls(tls)
    together = f"""\
cluster {{
  name: endcap
  listen: "{here.at(node.route_port)}"
  routes: [{routes}]
  {secured}
}}
"""
    return f"""\
server_name: {node.name}
listen: "{here.at(node.client_port)}"
http: "{LOOPBACK}:{node.monitor_port}"
max_payload: {LARGEST}
{secured}
jetstream {{
  store_dir: "{folder}"
  max_memory_store: 67108864
  max_file_store: {STORE_BYTES}
  {f"sync_interval: {sync}" if sync else ""}
}}
{together if routes else ""}mqtt {{
  listen: "{here.at(node.mqtt_port)}"
  stream_replicas: {len(nodes)}
  ack_wait: "30s"
  max_ack_pending: 5000
  {secured}
}}
"""


def _tls(tls: Tls | None) -> str:
    """Both ends show a certificate of our authority; TLS 1.3 and nothing older."""
    if tls is None:
        return ""
    return (
        f'tls {{ cert_file: "{tls.certificate}", key_file: "{tls.key}", ca_file: "{tls.ca}",'
        ' verify: true, min_version: "1.3" }'
    )


class LocalCluster:
    """Three nodes on loopback: `with LocalCluster(folder) as cluster: ... cluster.kill(0); cluster.start(0)`."""

    def __init__(self, folder: Path, *, count: int = 3, sync: str = "") -> None:
        """Raises BrokerError where nats-server is missing or a node does not start."""
        self._found, self._sync = find_broker("nats"), sync
        self.nodes = tuple(
            Node(
                name=f"node-{number}", host=LOOPBACK, client_port=claim_port(0), route_port=claim_port(0),
                mqtt_port=claim_port(0), monitor_port=claim_port(0),
            )
            for number in range(count)
        )  # fmt: skip
        self._folders = [folder / node.name for node in self.nodes]
        self._running: list[Broker | None] = [None] * count
        with ExitStack() as undo:
            undo.callback(self.stop)
            for number in range(count):
                self.start(number)
            self.wait_until_healthy()
            undo.pop_all()

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def servers(self) -> tuple[str, ...]:
        """Where ingest workers connect."""
        return tuple(f"nats://{node.at(node.client_port)}" for node in self.nodes)

    def start(self, number: int) -> None:
        """Start a node that does not run, with the data it had. Raises BrokerError."""
        node, folder = self.nodes[number], self._folders[number]
        text = node_config(node, self.nodes, folder.resolve(), sync=self._sync)
        self._running[number] = launch(self._found, folder, text, node.mqtt_port)

    def wait_until_healthy(self) -> None:
        """Return when every node that runs has a leader and what the others have. Raises BrokerError."""
        deadline = time.monotonic() + HEALTHY_S
        for number, node in enumerate(self.nodes):
            while self._running[number] is not None and not _healthy(node.monitor_port):
                if time.monotonic() > deadline:
                    raise BrokerError(f"{node.name} has found no leader within {HEALTHY_S:g} s")
                time.sleep(0.05)

    def kill(self, number: int) -> None:
        """SIGKILL, and wait until it is gone."""
        broker = self._running[number]
        if broker is not None:
            broker.kill()
            self._running[number] = None

    def stop(self) -> None:
        """End those that run."""
        for number, broker in enumerate(self._running):
            if broker is not None:
                broker.stop()
                self._running[number] = None


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        with connection.getresponse() as answer:
            return answer.status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
