"""A kiosk's next certificate, fetched before the last one expires: over a new key made here, switched in one rename.

    state/renewal/key.pem    the key that is asked for; kept until it is the identity, so that a lost answer or a power cut
                             only means asking again

What runs goes on with the old certificate, which stays good until it expires; the next connection uses the new one.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import structs

from kiosk.clock.clock import Clock
from kiosk.identity.enrolment_door import DoorClosed
from kiosk.identity.identity import (
    KEY,
    BadIdentity,
    Identity,
    Parts,
    Place,
    adopt,
    load_identity,
    make_key,
    public_of,
    request_of,
    signed,
    write_whole,
)
from mqtt.enrolment import APPROVED, Ask, Told

log = logging.getLogger(__name__)
DUE: Final = 2 / 3  # of a certificate's life
SPREAD: Final = 1 / 10  # of its life, so that kiosks let in on one day do not all come on one day again
LOOK_S: Final = 3600.0
FIRST_S: Final = 60.0  # after the start: the shop comes first


def due_ms(identity: Identity) -> int:
    """From when on a certificate is to be renewed: between 2/3 of its life and a tenth of it later, by its serial."""
    life = identity.not_after_ms - identity.not_before_ms
    share = identity.serial % 1000 / 1000
    return identity.not_before_ms + round(life * (DUE + SPREAD * share))


def renew(identity: Path, folder: Path, ask: Callable[[Ask], Told], about: Ask) -> Identity | None:
    """Ask once for the next certificate and take it. None where the fleet gives none now. Raises DoorClosed, BadIdentity,
    OSError; the identity there was then stands.
    """
    now = load_identity(identity)
    if now is None or now.tls.key is None:
        return None
    key = _next_key(folder / KEY)
    request = request_of(key, str(now.address))
    proof = signed(now.tls.key.read_bytes(), request).hex()
    told = ask(structs.replace(about, request=request.decode(), renews=f"{now.serial:040x}", proof=proof))
    if told.state != APPROVED or told.place is None:
        log.warning("the fleet does not renew this kiosk's certificate: %s %s", told.state, told.reason)
        return None
    place = told.place
    if (place.tenant, place.site, place.kiosk) != (now.address.tenant, now.address.site, now.address.kiosk):
        raise BadIdentity(f"the fleet renewed another kiosk's certificate: {place}")
    if told.ca.encode() != now.tls.ca.read_bytes():
        raise BadIdentity("the fleet's authority is another one now: this kiosk must enrol anew")
    kept = Place(place.tenant, place.site, place.kiosk, place.host, place.port, place.server_name)
    made = adopt(identity, Parts(key, told.certificate.encode(), told.ca.encode(), kept))
    shutil.rmtree(folder, ignore_errors=True)
    return made


def _next_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        key = path.read_bytes()
        public_of(key)
    except (FileNotFoundError, BadIdentity):
        key = make_key()
        write_whole(path, key)
    return key


class Renewing:
    """A thread that looks every hour. Where the clock is not known to be right it waits until it is."""

    def __init__(
        self, identity: Path, folder: Path, ask: Callable[[Ask], Told], about: Ask, clock: Clock, first_s: float = FIRST_S
    ) -> None:  # fmt: skip
        self._identity, self._folder, self._ask, self._about, self._clock = (
            identity,
            folder,
            ask,
            about,
            clock,
        )
        self._first_s, self._over = first_s, threading.Event()
        self._thread = threading.Thread(target=self._run, name="renewal", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End it; an answer on its way is not waited for longer than `timeout_s`."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._over.wait(wait_s):
            wait_s = LOOK_S
            if self._clock.quality() == "unsynced":
                continue
            try:
                found = load_identity(self._identity)
                if found is not None and self._clock.wall_ms() >= due_ms(found):
                    renew(self._identity, self._folder, self._ask, self._about)
            except (DoorClosed, OSError) as error:  # BadIdentity is one
                log.warning("the certificate could not be renewed now: %s", error)
