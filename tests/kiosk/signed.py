"""An operator's key for live changes, and sets signed with it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from content.alerts import Alert, AlertSet, write_alerts
from content.live_changes import Change, LiveSet, write_set
from content.signing import PublicKeys, Purpose, key_id, public_bytes, sign, write_keys
from mqtt.commands import Alerts, LiveChanges

KIOSK = "demo/s1/K1"


class Signer:
    """Somebody who holds the private key."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.public = public_bytes(self.private)
        self.kid = key_id(self.public)

    def publish(self, folder: Path, tenant: str = "demo") -> str:
        """Write keys.json; what a kiosk's configuration says of it."""
        keys = PublicKeys(
            tenant=tenant, keys={"live": {self.kid: self.public}, "alert": {self.kid: self.public}}
        )
        (folder / "keys.json").write_bytes(write_keys(keys))
        return '[signing]\nkeys = "keys.json"'

    def says(
        self, version: int, *changes: Change, kiosk: str = KIOSK, tenant: str = "demo",
        purpose: Purpose = "live", notes: dict[str, dict[str, str]] | None = None,
    ) -> LiveChanges:  # fmt: skip
        """A signed set."""
        body = write_set(
            LiveSet(format=1, kiosk=kiosk, version=version, at_ms=1, changes=changes, notes=notes or {})
        )
        return LiveChanges(kid=self.kid, signature=sign(self.private, purpose, tenant, body), body=body)

    def alarms(
        self, version: int, *alerts: Alert, kiosk: str = KIOSK, tenant: str = "demo", purpose: Purpose = "alert",
        at_ms: int = 1,
    ) -> Alerts:  # fmt: skip
        """A signed set of alerts."""
        body = write_alerts(AlertSet(kiosk=kiosk, version=version, at_ms=at_ms, alerts=alerts))
        return Alerts(kid=self.kid, signature=sign(self.private, purpose, tenant, body), body=body)
