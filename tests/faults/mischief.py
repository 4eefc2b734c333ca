"""Says again what kiosks have said: every batch of events once more or twice, late, and in any order.

QoS 1 promises at least once, a bridge or a broker that comes back may repeat old batches after new ones, and where the
ingest was away meanwhile, what it hears first is not what was sent first.
"""

from __future__ import annotations

import argparse
import queue
import random
import time
from pathlib import Path
from typing import Final

from mqtt import topics
from mqtt.backoff import Backoff
from mqtt.client import Client

POOL: Final = 40  # batches that are kept to be said again
EVERY_S: Final = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Until it is killed. One byte is added to `--said` for each batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--said", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    draw = random.Random(options.seed)
    heard: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    client = Client(
        "127.0.0.1", options.port, "mischief", on_message=lambda topic, body: heard.put((topic, body)),
        backoff=Backoff(base_s=0.1, cap_s=1.0),
    )  # fmt: skip
    client.subscribe(topics.EVERY_EVENT)
    client.start()
    known: set[int] = set()
    pool: list[tuple[str, bytes]] = []
    while True:
        while not heard.empty():
            batch = heard.get()
            if hash(batch) not in known:  # not our own echo
                known.add(hash(batch))
                pool.append(batch)
        for _ in range(min(5, len(pool))):
            at = draw.randrange(len(pool))
            if client.publish(*pool[at]):
                with options.said.open("ab") as said:
                    said.write(b".")
                if draw.random() < 0.5:  # else once more, some time
                    pool.pop(at)
        del pool[: max(0, len(pool) - POOL)]
        time.sleep(EVERY_S)


if __name__ == "__main__":
    raise SystemExit(main())
