"""Who a kiosk is: taken whole or not at all, whenever the power goes."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.identity.identity import (
    BadIdentity,
    Parts,
    Place,
    adopt,
    discard,
    load_identity,
    make_key,
    public_of,
    request_of,
)
from mqtt.topics import Address

PLACE = Place("acme", "north", "K1", "broker.example")
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, issuer: str, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:  # fmt: skip
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder().subject_name(called(name)).issuer_name(called(issuer)).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(SINCE)
    return builder.not_valid_after(SINCE + timedelta(days=90)).sign(signer, hashes.SHA256())


class Fleet:
    """The least of an authority a kiosk's side needs."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = _certificate("root", self.key.public_key(), "root", self.key)

    def parts(self, place: Place = PLACE, *, name: str = "", key: bytes = b"") -> Parts:
        private = key or make_key()
        public = serialization.load_der_public_key(public_of(private))
        assert isinstance(public, ec.EllipticCurvePublicKey)
        named = name or f"{place.tenant}/{place.site}/{place.kiosk}"
        leaf = _certificate(named, public, "root", self.key)
        return Parts(private, _pem(leaf), _pem(self.root), place)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "identity"


def test_a_new_kiosk_is_nobody(folder: Path) -> None:
    assert load_identity(folder) is None


def test_what_is_adopted_is_found_again(fleet: Fleet, folder: Path) -> None:
    adopted = adopt(folder, fleet.parts())
    found = load_identity(folder)
    assert found == adopted
    assert found is not None
    assert (found.address, found.host, found.port) == (Address("acme", "north", "K1"), "broker.example", 8883)
    assert found.tls.key == folder / "key.pem"
    assert found.not_after_ms - found.not_before_ms == 90 * 86_400_000
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


def test_a_folder_made_by_hand_works_and_is_renewed(fleet: Fleet, folder: Path) -> None:
    folder.mkdir()
    by_hand = fleet.parts()
    _lay(folder, by_hand)
    first = load_identity(folder)
    renewed = adopt(folder, fleet.parts())
    assert first is not None
    assert first.serial != renewed.serial
    assert load_identity(folder) == renewed


def test_old_keys_are_swept_but_the_one_before(fleet: Fleet, folder: Path) -> None:
    for _ in range(4):
        adopt(folder, fleet.parts())
    assert len(list((folder.parent / "identities").iterdir())) == 2
    discard(folder)
    discard(folder)
    assert load_identity(folder) is None
    assert list(folder.parent.iterdir()) == []


def test_a_certificate_for_somebody_else_is_not_adopted(fleet: Fleet, folder: Path) -> None:
    adopt(folder, fleet.parts())
    before = load_identity(folder)
    other = Fleet().parts()
    good = fleet.parts()
    for parts, why in (
        (fleet.parts(name="acme/north/K2"), r"is for \['acme/north/K2'\], expected acme/north/K1"),
        (Parts(make_key(), good.certificate, good.ca, PLACE), "is for another key"),
        (Parts(good.key, good.certificate, other.ca, PLACE), "does not lead to ca.pem"),
        (Parts(b"", good.certificate, good.ca, PLACE), "not a private key"),
        (Parts(good.key, b"", good.ca, PLACE), "not certificates"),
        (Parts(good.key, good.certificate, good.ca, Place("a/b", "c", "d", "h")), "a level has"),
    ):
        with pytest.raises(BadIdentity, match=why):
            adopt(folder, parts)
    assert load_identity(folder) == before


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("key.pem", b"garbage", "not a private key"),
        ("certificate.pem", b"garbage", "not certificates"),
        ("ca.pem", b"", "not certificates"),
        ("address.json", b"{}", "tenant"),
        ("address.json", b'{"tenant":"a","site":"b","kiosk":"c","host":"h","port":0}', "port"),
    ],
)
def test_a_damaged_file_is_named(fleet: Fleet, folder: Path, name: str, data: bytes, why: str) -> None:
    adopt(folder, fleet.parts())
    (folder / name).write_bytes(data)
    with pytest.raises(BadIdentity, match=why) as caught:
        load_identity(folder)
    assert name in str(caught.value)
    (folder / name).unlink()
    with pytest.raises(BadIdentity, match="cannot be read"):
        load_identity(folder)


class PowerCut(BaseException):
    """Nothing after this call happened."""


class Cutter:
    """Counts the calls of one piece of work that change the disk, and ends it at the one it is told to.

    An audit hook sees them all and cannot be removed, so there is one, idle between.
    """

    EVENTS = frozenset({"open", "os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"})

    def __init__(self) -> None:
        self.left = 0  # 0: idle
        sys.addaudithook(self._heard)

    def _heard(self, event: str, _arguments: tuple[object, ...]) -> None:
        if self.left and event in self.EVENTS:
            self.left -= 1
            if not self.left:
                raise PowerCut

    def at(self, number: int, work: Callable[[], object]) -> bool:
        """Do `work` with the power going at its `number`th call; False where it has fewer."""
        self.left = number
        try:
            work()
        except PowerCut:
            return True
        finally:
            self.left = 0
        return False

    def apart(self, work: Callable[[], Any]) -> Any:
        """Do something that is not the work: another machine's."""
        left, self.left = self.left, 0
        try:
            return work()
        finally:
            self.left = left


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    return Cutter()


@pytest.mark.parametrize("by_hand", [False, True], ids=["renewed", "made by hand"])
def test_a_power_cut_at_any_moment_leaves_the_old_or_the_new(
    fleet: Fleet, tmp_path: Path, cutter: Cutter, by_hand: bool
) -> None:
    """Every call of a renewal that touches the disk is the last one once."""
    start, old, new = tmp_path / "start", fleet.parts(), fleet.parts()
    start.mkdir()
    if by_hand:
        (start / "identity").mkdir()
        _lay(start / "identity", old)
    else:
        adopt(start / "identity", old)
    serials = {_serial(old), _serial(new)}
    seen: set[int] = set()
    number = 1
    while True:
        state = tmp_path / f"cut{number}"
        shutil.copytree(start, state, symlinks=True)
        folder = state / "identity"
        cut = cutter.at(number, partial(adopt, folder, new))
        found = load_identity(folder)
        assert found is not None
        assert found.serial in serials
        seen.add(found.serial)
        assert adopt(folder, new).serial == _serial(new)  # and the next try goes through
        if not cut:
            break
        number += 1
    assert number > 12
    assert seen == serials


def _serial(parts: Parts) -> int:
    return x509.load_pem_x509_certificate(parts.certificate).serial_number


def _lay(folder: Path, parts: Parts) -> None:
    for name, data in (
        ("key.pem", parts.key), ("certificate.pem", parts.certificate), ("ca.pem", parts.ca),
        ("address.json", msgspec.json.encode(parts.place)),
    ):  # fmt: skip
        (folder / name).write_bytes(data)


def test_a_request_proves_who_holds_the_key() -> None:
    key = make_key()
    request = x509.load_pem_x509_csr(request_of(key, "K1"))
    assert request.is_signature_valid
    der = request.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert der == public_of(key)
