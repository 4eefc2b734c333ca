"""How a device that belongs to nobody becomes a kiosk: it makes a key, shows a code, asks until a person has decided.

    state/enrolment/   key.pem (made here, never leaves), ca.pem (whom the code on the glass was made with)

Everything can be asked again, so a restart or a power cut at any moment only asks again: with the same key, so under the
same code. Once the certificate is here it becomes the identity in one rename (kiosk.identity.identity) and this folder goes.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct, structs

from kiosk.identity.enrolment_door import DoorClosed
from kiosk.identity.identity import (
    BadIdentity,
    Identity,
    Parts,
    Place,
    adopt,
    make_key,
    public_of,
    request_of,
    write_whole,
)
from kiosk.views import Enrol, Frame
from mqtt.enrolment import APPROVED, BUSY, EXPIRED, REJECTED, Ask, Told, code_of

log = logging.getLogger(__name__)
AWAY_S: Final = 10.0  # until the next try where nobody answers
BEAT_S: Final = 2.0
SLOWEST_S: Final = 120.0  # whatever the fleet says
STATES: Final = {BUSY: "busy", REJECTED: "rejected"}

AskFleet = Callable[[Ask], Told]  # raises DoorClosed


class Seen(Struct, frozen=True):
    """What the glass says."""

    state: str = "reaching"  # kiosk.views.Enrol
    code: str = ""
    detail: str = ""

    def view(self, language: str, fleet: str) -> Enrol:
        """As a view."""
        host = urlsplit(fleet).hostname or fleet
        return Enrol(Frame(language), self.state, self.code, host, self.detail)


class Enrolment:
    """One device's way into a fleet. `step` asks once; nothing here knows a thread or a screen."""

    def __init__(self, folder: Path, identity: Path, ask: AskFleet, *, about: Ask) -> None:
        """`folder`: state/enrolment; `identity`: where it is kept in the end; `about`: what is said of this device."""
        self._folder, self._identity, self._ask, self._about = folder, identity, ask, about
        self._codes: dict[bytes, str] = {}  # by root certificate: each takes its time
        self.seen = Seen()
        self._key = self._kept_key()

    def step(self) -> tuple[Identity | None, float]:
        """Ask once. Returns the identity where the fleet has given one, and in how many seconds to ask again. Raises
        OSError where nothing can be kept.
        """
        request = request_of(self._key, "kiosk").decode()
        try:
            told = self._ask(structs.replace(self._about, request=request))
            code = self._code(told.ca.encode())
        except (DoorClosed, BadIdentity) as error:
            self.seen = structs.replace(self.seen, state="reaching", detail=str(error))
            return None, AWAY_S
        if told.state == EXPIRED:
            self._begin_anew()
            return None, 0.0
        if told.state == APPROVED:
            return self._take(told), AWAY_S
        detail = told.reason[:200] if told.state == REJECTED else ""
        self.seen = Seen(STATES.get(told.state, "waiting"), code, detail)
        return None, min(max(1.0, float(told.poll_s)), SLOWEST_S)

    def _take(self, told: Told) -> Identity | None:
        """Become who the fleet says, where what it sent is whole and of the authority the code was made with."""
        place = told.place
        if place is None:
            self.seen = structs.replace(self.seen, detail="the fleet let us in but did not say as whom")
            return None
        kept = Place(place.tenant, place.site, place.kiosk, place.host, place.port, place.server_name)
        try:
            found = adopt(self._identity, Parts(self._key, told.certificate.encode(), told.ca.encode(), kept))
        except BadIdentity as error:
            log.error("what the fleet sent is refused: %s", error)
            self.seen = structs.replace(self.seen, detail=str(error))
            return None
        self.seen = Seen("welcome")
        shutil.rmtree(self._folder, ignore_errors=True)
        return found

    def _code(self, ca: bytes) -> str:
        """The code under an authority. The first one heard of stays the only one this key is ever shown under."""
        pin = self._folder / "ca.pem"
        if not pin.exists():
            _root_of(ca)  # is one
            write_whole(pin, ca)
        elif pin.read_bytes() != ca:
            raise BadIdentity(
                f"the fleet is not the one that answered first; remove {self._folder} to begin anew"
            )
        if ca not in self._codes:
            self._codes[ca] = code_of(public_of(self._key), _root_of(ca))
        return self._codes[ca]

    def _kept_key(self) -> bytes:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / "key.pem"
        try:
            key = path.read_bytes()
            public_of(key)
        except FileNotFoundError:
            pass
        except BadIdentity as error:
            log.error("%s cannot be used, so another key is made: %s", path, error)
        else:
            return key
        (self._folder / "ca.pem").unlink(missing_ok=True)
        key = make_key()
        write_whole(path, key)
        return key

    def _begin_anew(self) -> None:
        """A new key, which gives a new code."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._codes.clear()
        self.seen = Seen()
        self._key = self._kept_key()


class Enrolling:
    """The thread that asks, until there is an identity or it is stopped."""

    def __init__(
        self,
        enrolment: Enrolment,
        on_seen: Callable[[Seen], None],
        on_identity: Callable[[Identity], None],
        alive: Callable[[], object] = lambda: None,
    ) -> None:
        """All are called from the thread; `on_identity` once, at its end, `alive` every few seconds."""
        self._alive = alive
        self._enrolment, self._on_seen, self._on_identity = enrolment, on_seen, on_identity
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="enrolment", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End it; an answer on its way is not waited for longer than `timeout_s`."""
        self._over.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        self._on_seen(self._enrolment.seen)
        while not self._over.is_set():
            try:
                identity, wait_s = self._enrolment.step()
            except OSError as error:  # the disk is full or broken: said, and tried again
                log.error("enrolment: %s", error)
                identity, wait_s = None, AWAY_S
                self._on_seen(structs.replace(self._enrolment.seen, detail=str(error)))
            else:
                self._on_seen(self._enrolment.seen)
            if identity is not None:
                if not self._over.is_set():
                    self._on_identity(identity)
                return
            self._rest(wait_s)

    def _rest(self, wait_s: float) -> None:
        """Wait in slices: the service manager wants to hear that we are alive."""
        end = time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0 and not self._over.is_set():
            self._alive()
            self._over.wait(min(left, BEAT_S))


def _root_of(pem: bytes) -> bytes:
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        raise BadIdentity("the fleet did not say whom to believe: no certificate in its answer") from None
