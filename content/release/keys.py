"""Who may sign: key files, and the ring of those that are at hand.

A key is one file NAME.pem: the public key in the clear, so that it is found without a passphrase, and the private key
as PKCS #8, encrypted where a passphrase was given. All keys are Ed25519. A signature made by a hardware token or a
cloud's key store is out of scope: securesystemslib has signers for them, this program asks for none.

    root-1 root-2 root-3     any two sign root: which keys count for the other roles
    targets-1 targets-2      both sign targets: which operators there are and what their keys are
    snapshot, timestamp      online
    TENANT, software         online, one for each operator's content, one for programs
    TENANT.live, TENANT.alert    not of TUF: they sign live changes and alerts (content.signing)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from msgspec import Struct
from securesystemslib.signer import CryptoSigner, SSlibKey

SUFFIX: Final = ".pem"
NEW: Final = ".new"  # in the name of a key that is about to take another's place: demo.new.pem
NAME_FIELD: Final = "x-endcap-name"  # beside a key in the metadata: what its file is called
OFFLINE: Final = ("root-1", "root-2", "root-3", "targets-1", "targets-2")

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL)
_MOST_BYTES: Final = 1 << 14

Ask = Callable[[Path], bytes | None]


class KeysError(Exception):
    """A key cannot be used; the message says which and what to do."""


class KeyFile(Struct, frozen=True):
    """A key at hand: its name, its file, its id in the metadata, and whether it takes a passphrase."""

    name: str
    path: Path
    keyid: str
    public: bytes
    encrypted: bool


def make_key(folder: Path, name: str, passphrase: bytes | None) -> KeyFile:
    """A new key in a new file that its owner alone may read. Raises KeysError where there is one of that name."""
    private = Ed25519PrivateKey.generate()
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    text = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text += private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    path = folder / f"{name}{SUFFIX}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not through a Disk: no moment may be in which others could read it, and none is ever replaced.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise KeysError(f"{path}: there is such a key already; it is not overwritten") from error
    except OSError as error:
        raise KeysError(f"{path}: cannot be written: {error.strerror or error}") from error
    return read_key(path)


def read_key(path: Path) -> KeyFile:
    """What a key file says without its passphrase. Raises KeysError: it is none of ours."""
    blocks = _blocks(path)
    try:
        public = load_pem_public_key(blocks["PUBLIC KEY"])
    except (KeyError, ValueError) as error:
        raise KeysError(f"{path}: expected a public and a private key in PEM") from error
    if not isinstance(public, Ed25519PublicKey) or len(blocks) != 2:
        raise KeysError(f"{path}: expected an Ed25519 key")
    name = path.name.removesuffix(SUFFIX).removesuffix(NEW)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return KeyFile(name, path, SSlibKey.from_crypto(public).keyid, raw, "ENCRYPTED PRIVATE KEY" in blocks)


def _blocks(path: Path) -> dict[str, bytes]:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES)
    except OSError as error:
        raise KeysError(f"{path}: cannot be read: {error.strerror or error}") from error
    return {match[1].decode(): match[0] for match in _BLOCK.finditer(text)}


class Ring:
    """The keys in some folders, found by id or name, opened when one has to sign.

    Each passphrase is tried on each encrypted key, then `ask` is asked for one. `without` are ids that must not sign
    though their files may be there: keys that were stolen.
    """

    def __init__(
        self,
        folders: Iterable[Path],
        passphrases: Sequence[bytes] = (),
        ask: Ask | None = None,
        without: Iterable[str] = (),
    ) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._passphrases = list(passphrases)
        self._ask = ask
        self._without = frozenset(without)
        self._opened: dict[str, Ed25519PrivateKey] = {}
        self.files: dict[str, KeyFile] = {}
        for folder in self.folders:
            if not folder.is_dir():
                raise KeysError(f"{folder}: no such folder of keys; `endcap content keys init` makes one")
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                if ".old-" not in path.name:
                    key = read_key(path)
                    self.files[key.keyid] = key

    def blocked(self, keyids: Iterable[str]) -> Ring:
        """This ring, without some keys."""
        return Ring(self.folders, self._passphrases, self._ask, self._without | set(keyids))

    def joined(self, folder: Path) -> Ring:
        """This ring as its folders are now, and one folder more."""
        folders = self.folders if folder in self.folders else (*self.folders, folder)
        return Ring(folders, self._passphrases, self._ask, self._without)

    def has(self, keyid: str) -> bool:
        """Whether that key may and can sign."""
        return keyid in self.files and keyid not in self._without

    def named(self, name: str, *, new: bool = False) -> KeyFile | None:
        """The key of this name: that in use, or with `new` that which is to take its place."""
        wanted = f"{name}{NEW if new else ''}{SUFFIX}"
        return next((key for key in self.files.values() if key.path.name == wanted), None)

    def signer(self, keyid: str) -> CryptoSigner:
        """A key to sign metadata with. Raises KeysError: not here, or no passphrase opens it."""
        private = self.private(keyid)
        return CryptoSigner(private, self.public(keyid))

    def public(self, keyid: str) -> SSlibKey:
        """A key as it stands in metadata, with its name beside it."""
        key = self.files[keyid]
        made = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(key.public))
        made.unrecognized_fields[NAME_FIELD] = key.name
        return made

    def private(self, keyid: str) -> Ed25519PrivateKey:
        """The private key. Raises KeysError as `signer` does."""
        if not self.has(keyid):
            raise KeysError(f"key {keyid[:8]} is not in {', '.join(map(str, self.folders))}")
        if keyid not in self._opened:
            self._opened[keyid] = self._open(self.files[keyid])
        return self._opened[keyid]

    def _open(self, key: KeyFile) -> Ed25519PrivateKey:
        block = next(block for what, block in _blocks(key.path).items() if what != "PUBLIC KEY")
        if not key.encrypted:
            return self._loaded(key, block, None)
        for passphrase in self._passphrases:
            try:
                return self._loaded(key, block, passphrase)
            except ValueError:
                continue
        asked = self._ask(key.path) if self._ask else None
        if not asked:
            raise KeysError(
                f"{key.path}: needs its passphrase; give a file that holds it with --passphrase-file"
                if not self._passphrases
                else f"{key.path}: no passphrase that was given opens it"
            )
        try:
            private = self._loaded(key, block, asked)
        except ValueError as error:
            raise KeysError(f"{key.path}: that passphrase does not open it") from error
        self._passphrases.append(asked)
        return private

    def _loaded(self, key: KeyFile, block: bytes, passphrase: bytes | None) -> Ed25519PrivateKey:
        try:
            private = load_pem_private_key(block, passphrase)
        except (TypeError, ValueError) as error:
            if passphrase is None:
                raise KeysError(f"{key.path}: its private key is damaged") from error
            raise ValueError(str(error)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeysError(f"{key.path}: expected an Ed25519 key")
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        if raw != key.public:
            raise KeysError(f"{key.path}: its private key belongs to another public key")
        return private


def put_in_place(new: KeyFile, old: KeyFile | None) -> KeyFile:
    """NAME.new.pem becomes NAME.pem; the one before is kept as NAME.old-ID.pem and used no more."""
    path = new.path.with_name(f"{new.name}{SUFFIX}")
    try:
        if old is not None and old.path.exists():
            old.path.replace(old.path.with_name(f"{old.name}.old-{old.keyid[:8]}{SUFFIX}"))
        new.path.replace(path)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise KeysError(f"{path}: cannot be written: {error.strerror or error}") from error
    return read_key(path)
