"""How often somebody may do something: token buckets, one per kiosk or web client. The arithmetic is pure.

A bucket holds `burst` tokens and gets `per_minute` new ones a minute; what costs more than there is must wait. What is
kept of a key is two numbers, in memory: after a restart everybody's bucket is full.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

MINUTE_MS: Final = 60_000
MOST_KEYS: Final = 20_000  # buckets kept; the one used longest ago makes room, as if it were full again


class Rule(Struct, frozen=True):
    """At most `burst` at once, `per_minute` a minute in the long run."""

    burst: float
    per_minute: float


class Bucket(Struct, frozen=True):
    """How many tokens there were at a moment (any clock's milliseconds)."""

    tokens: float
    at_ms: int


def filled(bucket: Bucket, rule: Rule, now_ms: int) -> Bucket:
    """The bucket at `now_ms`. A clock that went backwards fills nothing."""
    passed = max(0, now_ms - bucket.at_ms)
    return Bucket(min(rule.burst, bucket.tokens + passed * rule.per_minute / MINUTE_MS), now_ms)


def take(bucket: Bucket, rule: Rule, now_ms: int, cost: float = 1.0) -> tuple[Bucket, int]:
    """The bucket after taking `cost`, and 0; or as it is now, and in how many milliseconds there is enough."""
    now = filled(bucket, rule, now_ms)
    if now.tokens >= cost:
        return Bucket(now.tokens - cost, now_ms), 0
    return now, max(1, -int(-(cost - now.tokens) * MINUTE_MS // rule.per_minute))


class Limits:
    """One rule for many keys. Every method may be called from any thread."""

    def __init__(self, rule: Rule, most_keys: int = MOST_KEYS) -> None:
        self.rule = rule
        self._most = most_keys
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now_ms: int, cost: float = 1.0) -> int:
        """Take from the key's bucket: 0 where it may go on, else the milliseconds until it may try again."""
        with self._lock:
            bucket, wait_ms = take(self._bucket(key, now_ms), self.rule, now_ms, cost)
            self._keep(key, bucket)
            return wait_ms

    def give_back(self, key: str, now_ms: int, cost: float = 1.0) -> None:
        """What was taken was not used after all."""
        with self._lock:
            now = filled(self._bucket(key, now_ms), self.rule, now_ms)
            self._keep(key, Bucket(min(self.rule.burst, now.tokens + cost), now_ms))

    def _bucket(self, key: str, now_ms: int) -> Bucket:
        return self._buckets.get(key) or Bucket(self.rule.burst, now_ms)

    def _keep(self, key: str, bucket: Bucket) -> None:
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)


class AtOnce:
    """How many may do something for a key at the same time. Every method may be called from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside: dict[str, int] = {}

    @contextmanager
    def enter(self, key: str) -> Iterator[bool]:
        """Whether there was room; it is kept until the block ends. Never waits."""
        with self._lock:
            room = self._inside.get(key, 0) < self._most
            if room:
                self._inside[key] = self._inside.get(key, 0) + 1
        try:
            yield room
        finally:
            if room:
                self._leave(key)

    def _leave(self, key: str) -> None:
        with self._lock:
            self._inside[key] -= 1
            if not self._inside[key]:
                del self._inside[key]


def client_key(host: str) -> str:
    """Who a web client is, as far as an address tells: an IPv4 address, or the /64 an IPv6 customer has to itself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
