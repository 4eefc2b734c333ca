"""Plain paho clients as a program would have them: loop_start, every default. A process of their own; says how many are up.

Some per process only: paho waits with select(), which ends at file 1023, and each client has three.
"""

from __future__ import annotations

import sys
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class Peers:
    """So many clients, connected or trying to be."""

    def __init__(self, first: int, count: int, port: int) -> None:
        self._up: set[paho.Client] = set()  # paho also tells of connections lost that never were
        self._clients = [self._client(f"paho/line/P{number}") for number in range(first, first + count)]
        for client in self._clients:
            client.connect_async("127.0.0.1", port)
            client.loop_start()

    def _client(self, name: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, name)
        client.will_set(f"k1/{name}/state", b"{}", qos=1, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        return client

    def _connected(self, client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe("k1/none/dn/#", qos=1)
            self._up.add(client)

    def _disconnected(
        self, client: paho.Client, _user: Any, _flags: Any, _reason: Any, _properties: Any
    ) -> None:
        self._up.discard(client)

    @property
    def up(self) -> int:
        return len(self._up)


def main() -> None:
    """Arguments: first number, count, port. Answers each line read with how many are up; ends with its input."""
    first, count, port = map(int, sys.argv[1:])
    peers = Peers(first, count, port)
    for _ in sys.stdin:
        print(peers.up, flush=True)


if __name__ == "__main__":
    main()
