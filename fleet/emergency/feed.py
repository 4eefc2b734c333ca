"""Alerts of an authority that are asked for: a document of CAP, or an Atom feed that links to such documents."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import Final
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import ParseError

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from fleet.emergency.cap import MOST_BYTES, NAMESPACE, BadCap, read_cap
from fleet.emergency.desk import BadAlarm, Emergencies
from fleet.emergency.placing import NotForWalls

log = logging.getLogger(__name__)
EVERY_S: Final = 30.0
TIMEOUT_S: Final = 10.0  # of silence
LONGEST_S: Final = 20.0  # for a whole document, however slowly it drips
ATOM: Final = "http://www.w3.org/2005/Atom"
MOST_LINKS: Final = 100
MOST_SEEN: Final = 2_000
WHO: Final = "CAP feed"


class CapFeed:
    """Asks in a thread of its own. What is wrong is logged and counted, and asked for again."""

    def __init__(self, url: str, desk: Emergencies, every_s: float = EVERY_S) -> None:
        self._url, self._desk, self._every_s = url, desk, every_s
        self._etag = ""
        self._seen: dict[str, None] = {}  # documents that were read
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cap feed", daemon=True)
        self.counters: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.ask()
            except Exception:
                self.counters["faults"] += 1
                log.exception("%s: alerts could not be asked for", self._url)
            self._stopped.wait(self._every_s)

    def ask(self) -> None:
        """Once."""
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            try:
                found = self._get(client, self._url, self._etag)
                if found is None:
                    self.counters["unchanged"] += 1
                    return
                body, etag = found
                links = _links(body)
                followed = [self._followed(client, link) for link in links or ()]
                if links is None:
                    self._take(body, self._url)
                if all(followed):  # else it is read again, for what could not be had of it
                    self._etag = etag
            except (httpx.HTTPError, httpx.InvalidURL, BadCap) as error:
                self.counters["failed"] += 1
                log.warning("%s: %s", self._url, error)

    def _followed(self, client: httpx.Client, link: str) -> bool:
        """Whether it needs not be asked for again. One that fails holds up no other."""
        try:
            self._follow(client, urljoin(self._url, link))
        except (httpx.HTTPError, httpx.InvalidURL, BadCap, ValueError) as error:
            self.counters["failed"] += 1
            log.warning("%s: %s: %s", self._url, link[:200], error)
            return False
        return True

    def _follow(self, client: httpx.Client, link: str) -> None:
        if link in self._seen or self._stopped.is_set():
            return
        there, here = urlsplit(link), urlsplit(self._url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            self.counters["elsewhere"] += 1
            log.warning("%s: leads to another host, and is not asked for: %s", self._url, link[:200])
            return
        found = self._get(client, link, "")
        if found is not None:
            self._take(found[0], link)
            self._seen[link] = None
            while len(self._seen) > MOST_SEEN:
                del self._seen[next(iter(self._seen))]

    def _take(self, body: bytes, where: str) -> None:
        try:
            ids = self._desk.take(read_cap(body), WHO)
            self.counters["taken" if ids else "known"] += 1
        except (NotForWalls, BadAlarm, BadCap) as error:
            self.counters["refused"] += 1
            log.warning("%s: %s", where, error)

    def _get(self, client: httpx.Client, url: str, etag: str) -> tuple[bytes, str] | None:
        """(the body, its ETag); None where it has not changed. Raises BadCap for a body without end."""
        headers, end = {"if-none-match": etag} if etag else {}, time.monotonic() + LONGEST_S
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return None
            answer.raise_for_status()
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise BadCap(f"more than {MOST_BYTES} bytes")
                if time.monotonic() > end:
                    raise BadCap(f"not whole after {LONGEST_S:g} s")
            return bytes(body), answer.headers.get("etag", "")


def _links(body: bytes) -> list[str] | None:
    """Where an Atom feed leads to; None where it is none. Raises BadCap."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise BadCap(f"is not XML we read: {error}") from None
    if root.tag == f"{{{NAMESPACE}}}alert":
        return None
    if root.tag != f"{{{ATOM}}}feed":
        raise BadCap(f"{str(root.tag)[:80]}: expected an Atom feed or an alert of CAP 1.2")
    links = []
    for entry in root.findall(f"{{{ATOM}}}entry"):
        found = entry.findall(f"{{{ATOM}}}link")
        cap = [one for one in found if one.get("type") == "application/cap+xml"] or found
        links += [one.get("href", "") for one in cap[:1] if one.get("href")]
    return links[:MOST_LINKS]
