"""The door kiosks knock at, and the page where a person decides."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography import x509

from fleet.config import Config, ServeError
from fleet.identity.admission import Admission
from fleet.serve import Fleet
from fleet.web.app import create_app
from kiosk.identity.identity import make_key, request_of
from mqtt.enrolment import APPROVED, PENDING, Ask, Told
from tests.servers import wait_until

HERE = {"origin": "http://localhost"}
WHO = {"who": "Ana", "why": "new at gate 4"}
PLACE = {"tenant": "acme", "site": "north", "kiosk": "K1"}


def config(folder: Path) -> Config:
    """A fleet whose broker is away: enrolment needs none."""
    nothing = folder / "none.pem"
    return Config(
        data=folder, port=0, broker_port=1, broker_ca=nothing, broker_certificate=nothing, broker_key=nothing,
        kiosk_broker=("broker.example", 8883),
    )  # fmt: skip


class Office:
    """The pages of a fleet that is made and not started."""

    def __init__(self, config: Config) -> None:
        self.fleet = Fleet(config)
        self.app = create_app(self.fleet.services)

    @property
    def admission(self) -> Admission:
        assert self.fleet.admission is not None
        return self.fleet.admission

    def call(self, method: str, path: str, client: str = "127.0.0.1", **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(client, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as one:
                return await one.request(method, path, follow_redirects=True, **more)

        return asyncio.run(call())

    def post(self, expected: int = 200, /, place: dict[str, str] | None = None, **form: str) -> str:
        answer = self.call("POST", "/enrolment", data=WHO | (place or {}) | form, headers=HERE)
        assert answer.status_code == expected, answer.text
        return answer.text

    def ask(self, key: bytes, client: str = "198.51.100.7") -> Told:
        body = msgspec.json.encode(Ask(request=request_of(key, "kiosk").decode(), board="Raspberry <Pi>"))
        answer = self.call("POST", "/enrol", client, content=body)
        assert answer.status_code == 200, answer.text
        told: Told = msgspec.json.decode(answer.content, type=Told)
        return told


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(config(tmp_path))
    yield made
    made.fleet.stop()


def test_a_person_sees_the_code_and_lets_the_kiosk_in(office: Office) -> None:
    key = make_key()
    assert office.ask(key).state == PENDING
    (waits,) = office.admission.enrolments.pending()
    page = office.call("GET", "/enrolment").text
    assert waits.code in page
    assert "Raspberry &lt;Pi&gt;" in page
    assert "198.51.100.7" in page
    office.post(act="approve", key_id=waits.key_id, place=PLACE)
    assert office.ask(key).state == APPROVED
    page = office.call("GET", "/enrolment").text
    assert "acme/north/K1" in page
    assert "new at gate 4" in page
    office.post(act="revoke", place=PLACE)
    assert "being ended" in office.call("GET", "/enrolment").text
    assert office.admission.book.revoked() != []


def test_nothing_is_decided_without_a_name_a_reason_and_a_kiosk_that_waits(office: Office) -> None:
    key = make_key()
    office.ask(key)
    (waits,) = office.admission.enrolments.pending()
    assert "Please say who you are" in office.post(
        400, act="approve", key_id=waits.key_id, why="", place=PLACE
    )
    assert "Please say who you are" in office.post(
        400, act="approve", key_id=waits.key_id, who="", place=PLACE
    )
    assert "a level has" in office.post(
        400, act="approve", key_id=waits.key_id, tenant="a/b", site="", kiosk="c"
    )
    long = dict.fromkeys(PLACE, "x" * 32)
    assert "1 to 64 characters" in office.post(400, act="approve", key_id=waits.key_id, place=long)
    office.post(400, act="dance", key_id=waits.key_id, place=PLACE)
    assert "not waiting any more" in office.post(409, act="approve", key_id="nobody", place=PLACE)
    assert "not waiting any more" in office.post(409, act="reject", key_id="nobody")
    assert "no certificate" in office.post(409, act="revoke", place=PLACE)
    office.post(act="approve", key_id=waits.key_id, place=PLACE)
    other = make_key()
    office.ask(other)
    (waits,) = office.admission.enrolments.pending()
    assert "Another device has that address" in office.post(
        409, act="approve", key_id=waits.key_id, place=PLACE
    )
    office.post(act="approve", key_id=waits.key_id, replace="yes", place=PLACE)
    assert office.ask(other).state == APPROVED


def test_the_page_is_for_this_machine_and_the_door_for_everybody(office: Office) -> None:
    assert office.call("GET", "/enrolment", "198.51.100.7").status_code == 403
    assert office.call("POST", "/enrolment", "198.51.100.7", data=WHO, headers=HERE).status_code == 403
    stranger = {"origin": "http://evil.example"}
    assert (
        office.call("POST", "/enrolment", data=WHO | {"act": "reject"}, headers=stranger).status_code == 403
    )
    for body, status in ((b"", 400), (b"{}", 400), (b'{"request":"x"}', 400), (b"x" * 20_000, 413)):
        assert office.call("POST", "/enrol", "198.51.100.7", content=body).status_code == status
    assert office.call("GET", "/enrol", "198.51.100.7").status_code == 405


def test_a_fleet_whose_broker_asks_for_no_certificates_lets_nobody_in(tmp_path: Path) -> None:
    office = Office(Config(data=tmp_path, port=0, broker_port=1))
    assert office.call("POST", "/enrol", content=b"{}").status_code == 404
    assert "lets nobody in here" in office.call("GET", "/enrolment").text
    office.fleet.stop()


def test_half_of_what_tls_needs_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = config(tmp_path)
    with pytest.raises(ServeError, match="needs all of --broker-ca"):
        Fleet(replace(whole, broker_key=None))
    with pytest.raises(ServeError, match="over TLS only"):
        Fleet(replace(whole, broker_ca=None, broker_certificate=None, broker_key=None))


def test_a_list_that_was_not_published_is_at_the_next_start(tmp_path: Path) -> None:
    """The process died between the database and the broker's folder."""
    office = Office(config(tmp_path))
    office.ask(make_key())
    (waits,) = office.admission.enrolments.pending()
    office.post(act="approve", key_id=waits.key_id, place=PLACE)
    office.admission.book.revoke("acme/north/K1", "Ana", "stolen")
    office.fleet.stop()
    again = Office(config(tmp_path))
    again.admission.start()
    path = tmp_path / "ca/kiosks.crl"
    wait_until(lambda: path.exists() and len(x509.load_pem_x509_crl(path.read_bytes())) == 1, "the list")
    again.fleet.stop()
