"""A fleet on a bad morning, put into a store by the ways kiosks' words take: one kiosk for each thing that may be wrong."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec

from fleet import tables
from fleet.events.rows import Stored
from fleet.store.store import Store
from mqtt.messages import Gap, Health, KioskEvent, Presence, encode
from tests.fleet.samples import event

MINUTE = 60_000
HOUR = 60 * MINUTE
NAMES = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9")


def said(
    store: Store,
    name: str,
    now_ms: int,
    state: str = "selling",
    seen_ms: int = 0,
    since_ms: int = 0,
    view: str = "wall",
    **more: object,
) -> str:
    """Presence and health of a kiosk; `more` is of its health."""
    kiosk = f"metro/{'central' if name < 'K5' else 'harbour'}/{name}"
    health = {
        "wall_ms": now_ms,
        "devices": {"scanner": "ready", "printer": "ready"},
        "counters": {},
        "clock": "synced",
    }
    store.health(kiosk, Health(**(health | more)), seen_ms or now_ms)  # type: ignore[arg-type]
    word = Presence(
        state=state, boot=f"b{name}", since_ms=since_ms or now_ms - 5 * HOUR, version="1.4.0", view=view, session=f"s{name}"
    )  # fmt: skip
    store.presence(kiosk, word, seen_ms or now_ms)
    return kiosk


def came(kiosk: str, made: KioskEvent, at_ms: int) -> Stored:
    return Stored(
        kiosk=kiosk, epoch=made.epoch, seq=made.seq, body=encode(made), event=made, received_ms=at_ms
    )


def bad_morning(store: Store, now_ms: int) -> None:
    """K1 sells, K2 is lost, K3 has faults, K4 misses events, K5 is behind, K6's clock is off, K7 is two, K8 was never heard,
    K9 is closed and folded some.
    """
    sells = said(store, "K1", now_ms, clock_off_ms=12)
    said(store, "K2", now_ms, "lost", seen_ms=now_ms - 12 * MINUTE, since_ms=now_ms - 12 * MINUTE)
    said(store, "K3", now_ms, devices={"scanner": "lost", "printer": "failed", "reader": "ready"})
    missing = said(store, "K4", now_ms)
    said(store, "K5", now_ms, backlog=420, oldest_ms=now_ms - 47 * MINUTE, acked_ms=now_ms - 47 * MINUTE)
    said(store, "K6", now_ms, clock="holdover", clock_off_ms=-3 * HOUR)
    two = said(store, "K7", now_ms)
    folds = said(store, "K9", now_ms, "closed", view="")
    with store.write() as connection:
        connection.execute(
            tables.clones.insert().values(
                kiosk=two, since_ms=now_ms - HOUR, what="suspected", last_ms=now_ms, returns=6, sessions="[]", cleared_ms=0,
                who="", why="",
            )
        )  # fmt: skip
        connection.execute(
            tables.certificates.insert().values(
                serial="1", kiosk="metro/harbour/K8", key_id="k", chain=b"", not_before_ms=0, not_after_ms=2**60, issued_ms=0,
                who="ada", why="new", revoked_ms=0, revoked_who="", revoked_why="", ended_ms=0,
            )
        )  # fmt: skip
        body = b'{"version":3,"wall_ms":1,"software":"1.4.0","release":"2026-11-20.2"}'.decode()
        connection.execute(
            tables.reported.insert().values(kiosk=sells, version=3, heard_ms=now_ms, body=body)
        )
        connection.execute(
            tables.commands.insert().values(
                id="c1", kiosk=sells, what="identify", arguments="{}", who="ada", why="which", at_ms=now_ms, valid_s=60,
                force=0, state="running", said_by="kiosk", reason="", detail="", changed_ms=now_ms, media="", parts=0, size=0,
            )
        )  # fmt: skip
    store.commit(day_of(sells, now_ms, 7))
    late = now_ms - 20 * MINUTE
    store.commit(
        [came(missing, event(seq, "play", wall_ms=late, clock="synced"), late) for seq in (1, 2, 6, 7)]
    )
    gap = Gap(
        epoch="e1", seq=30, wall_ms=late, mono_ms=1, boot="b", clock="synced", first=1, counts={"play": 30},
        plays=(("spring", 30, 240_000),), from_ms=late, until_ms=late,
    )  # fmt: skip
    store.commit([came(folds, gap, late)])


def day_of(kiosk: str, now_ms: int, seed: int, hours: int = 24) -> list[Stored]:
    """What a kiosk at a station does in so many hours, busier in the mornings and evenings."""
    dice = random.Random(seed)
    found: list[Stored] = []
    for hour in range(hours):
        begin = now_ms // HOUR * HOUR - (hours - 1 - hour) * HOUR
        busy = (0, 0, 0, 0, 0, 1, 4, 9, 8, 4, 3, 4, 5, 4, 3, 4, 6, 9, 8, 5, 3, 2, 1, 0)[begin // HOUR % 24]
        kinds = (
            ["sale"] * busy
            + ["scan"] * (busy // 2)
            + ["engagement"] * busy
            + ["impressions"] * (6 + busy)
            + ["play"] * 12
        )
        dice.shuffle(kinds)
        for number, kind in enumerate(kinds):
            at = begin + number * HOUR // (len(kinds) + 1)
            if at >= now_ms:
                break
            found.append(came(kiosk, _made(len(found) + 1, kind, kiosk, at), at + 300))
    return found


def _made(seq: int, kind: str, kiosk: str, at_ms: int) -> KioskEvent:
    made = event(seq, kind, wall_ms=at_ms, clock="synced")
    told: dict[str, object] = {}
    if kind == "sale":
        told = {"order": f"O{kiosk}{seq}", "reference": f"R{kiosk}{seq}", "claim_code": "K7Q2-9MXT"}
    elif kind == "impressions":
        told = {"minute": at_ms // MINUTE}
    return msgspec.structs.replace(made, **told)


def many(store: Store, kiosks: Iterable[str], now_ms: int) -> None:
    """So many kiosks that sell."""
    rows = [
        {
            "kiosk": kiosk, "seen_ms": now_ms - 1000, "state": "selling", "boot": "b", "since_ms": now_ms, "version": "1.4.0",
            "view": "wall", "health_ms": now_ms, "devices": '{"scanner": "ready"}', "counters": "{}", "clock": "synced",
        }
        for kiosk in kiosks
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(tables.kiosks.insert(), rows)
