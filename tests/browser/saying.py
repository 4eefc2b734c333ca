"""A fleet that has something to say: alerts in force and over, live changes that stand, kiosks that obey and others that do not."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from content.alerts import Alert, Wording
from content.live_changes import RECALL, SOLD_OUT
from fleet.clock import now_ms
from fleet.config import Config
from fleet.live_changes.composing import Given
from fleet.serve import Fleet
from mqtt.commands import AlertState
from mqtt.messages import Presence, encode
from mqtt.topics import Address
from tests.servers import wait_until

WALLS = tuple(Address("demo", "central", f"K{number}") for number in range(1, 25))


def spoken_of(folder: Path, broker_port: int) -> Fleet:
    """A fleet with both keys."""
    pem = folder / "demo.pem"
    pem.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return Fleet(Config(data=folder / "fleet", broker_port=broker_port, port=0, alert_key=pem, live_key=pem))


def said(fleet: Fleet) -> None:
    """Alerts and changes, as after a bad hour."""
    now, desk = now_ms(), fleet.emergency
    for wall in WALLS:
        fleet.store.presence(str(wall), Presence(state="ready", boot="b", since_ms=1), now)
    drill = Alert(id="", words={"en": Wording("Leave the station")}, severity="severe", exercise=True)
    desk.send(drill, WALLS[:2], "ada", "yearly drill")
    desk.clear("*", "ada", "the drill is over")
    words = {
        "en": Wording("Leave the station", "Smoke in hall B.", "Use the stairs. Do not use the lifts."),
        "ar": Wording("غادروا المحطة", "", "استخدموا السلالم"),
    }
    fire = Alert(id="", words=words, severity="extreme", sign="exit", audible=True)
    fire = desk.send(fire, WALLS, "ada", "control room, 14:02")
    for wall in WALLS[:-3]:
        for state in ("heard", "shown", "audible"):
            desk.heard(wall, encode(AlertState(id=fire.id, state=state, wall_ms=now)))
    shown = len(WALLS) - 3
    wait_until(lambda: sum(bool(at.shown_ms) for at in desk.latest()[0].reached) == shown, "walls to show it")
    for gtin, kind, reason in (("04006381333931", SOLD_OUT, ""), ("04006381333948", RECALL, "safety")):
        fleet.live_desk.give(
            Given(
                scope="demo/central", gtin=gtin, kind=kind, reason=reason, who="ada", why="the shelf is empty"
            )
        )
