"""For benchmarks.ledger.drain: acknowledges every batch as a fleet would after its commit, and stores nothing."""

from __future__ import annotations

import signal
import sys

import msgspec

from mqtt.client import Client
from mqtt.messages import Ack, encode
from mqtt.topics import EVERY_EVENT, address_of


class _Place(msgspec.Struct):
    epoch: str
    seq: int


class _Batch(msgspec.Struct):
    events: list[_Place]


def main() -> None:
    """Until it is ended."""
    read = msgspec.json.Decoder(_Batch).decode

    def heard(topic: str, payload: bytes) -> None:
        last = read(payload).events[-1]
        client.publish(address_of(topic).acks, encode(Ack(epoch=last.epoch, upto=last.seq)))

    client = Client("127.0.0.1", int(sys.argv[1]), "consumer", on_message=heard)
    client.subscribe(EVERY_EVENT)
    client.start()
    signal.sigwait({signal.SIGTERM})
    client.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
