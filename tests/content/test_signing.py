"""Signatures over live changes and alerts count for one purpose of one operator, and keys for what their ids say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from content.signing import BadKeys, PublicKeys, key_id, public_bytes, read_keys, sign, verify, write_keys


def made() -> tuple[Ed25519PrivateKey, str, PublicKeys]:
    private = Ed25519PrivateKey.generate()
    public = public_bytes(private)
    kid = key_id(public)
    return private, kid, PublicKeys(tenant="demo", keys={"live": {kid: public}, "alert": {}})


def test_what_was_signed_counts_for_its_purpose_and_operator_alone() -> None:
    private, kid, keys = made()
    live = keys.of("live")
    signature = sign(private, "live", "demo", b"sold out")

    assert verify(live, "live", "demo", kid, b"sold out", signature)
    assert not verify(live, "live", "demo", kid, b"sold in", signature)
    assert not verify(live, "alert", "demo", kid, b"sold out", signature)
    assert not verify(live, "live", "other", kid, b"sold out", signature)
    assert not verify(keys.of("alert"), "alert", "demo", kid, b"sold out", signature)
    assert not verify(live, "live", "demo", kid, b"sold out", signature[:-1])
    assert not verify(live, "live", "demo", kid, b"sold out", b"")
    assert not verify(live, "live", "demo", "0" * 16, b"sold out", signature)


def test_a_tenants_name_cannot_run_into_the_body() -> None:
    private, kid, keys = made()
    signature = sign(private, "live", "demo", b"x" + b"body")

    assert not verify(keys.of("live"), "live", "demox", kid, b"body", signature)


def test_the_file_of_keys_comes_back_as_it_was_written() -> None:
    _, _, keys = made()

    assert read_keys(write_keys(keys), "demo") == keys
    assert write_keys(read_keys(write_keys(keys), "demo")) == write_keys(keys)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said.update(format=2), "format 2, this program reads 1"),
        (lambda said: said.update(tenant="other"), "of 'other', expected 'demo'"),
        (lambda said: said["keys"].update(money={}), "keys.json: .*money"),
        (
            lambda said: said["keys"].update(live={"0" * 16: "ab" * 32}),
            "live.0000000000000000: expected the 32 bytes",
        ),
        (lambda said: said["keys"].update(live={"0" * 16: "ab"}), "expected the 32 bytes"),
        (lambda said: said["keys"].update(live={"0" * 16: "zz"}), "expected the 32 bytes"),
        (lambda said: said["keys"].update(live={str(at): "" for at in range(40)}), "live: 40 keys"),
        (lambda said: said.update(more=1), "unknown field"),
    ],
)
def test_wrong_files_of_keys_are_refused(change: Any, why: str) -> None:
    said = msgspec.json.decode(write_keys(made()[2]))
    change(said)

    with pytest.raises(BadKeys, match=why):
        read_keys(msgspec.json.encode(said), "demo")


def test_what_is_no_file_of_keys_is_refused() -> None:
    for data in (b"", b"[", b"\xff\xfe", b"[" * 60_000, b" " * 70_000):
        with pytest.raises(BadKeys):
            read_keys(data, "demo")
