"""A repository of signed releases in a folder, whose maker may do everything wrong that a thief or a bad disk could do.

Written over python-tuf's Metadata API by hand, because `endcap publish` refuses to make most of what is wanted here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from content.release.manifest import FORMAT, Blob, Header, release_name, write_root
from content.release.manifest import Root as RootPage
from content.release.packing import pack

TENANT = "demo"
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
Change = Callable[[Any], None]


class Repository:
    """One release at a time, each signed as the one for everybody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signers = {
            name: CryptoSigner.generate_ed25519()
            for name in ("root", "root-2", "timestamp", "snapshot", "targets", "targets-2", TENANT)
        }
        self.versions = dict.fromkeys(("root", "timestamp", "snapshot", "targets", TENANT), 0)
        self.expires = NOW + timedelta(days=30)
        self.files: dict[str, TargetFile] = {}
        self.signed: dict[str, bytes] = {}
        self.number = 0
        self.page: Blob | None = None
        self.sign_root()
        self.installed = (folder / "metadata/1.root.json").read_bytes()

    # --- releases ---------------------------------------------------------------------------------------------

    def release(
        self,
        files: Mapping[str, bytes],
        pictures: Mapping[str, Path] = MappingProxyType({}),
        *,
        root: Callable[[RootPage], RootPage] = lambda page: page,
    ) -> str:
        """Publish a release of these parts and pictures; its name. `root` may lie in its root page."""
        self.number += 1
        name = release_name(TENANT, self.number)
        header = Header(format=FORMAT, tenant=TENANT, name=name, number=self.number, made_at=NOW_S - 60)
        built = pack(files, pictures, header, self.folder)
        self.target(f"{name}.release", write_root(root(built.root)), current=True)
        self.sign()
        return name

    def target(self, name: str, data: bytes, *, current: bool = False) -> None:
        """Put a target where it belongs, to be signed."""
        digest = hashlib.sha256(data).hexdigest()
        self.put(f"targets/content/{TENANT}/{digest}.{name}", data)
        file = TargetFile.from_data(f"content/{TENANT}/{name}", data, ["sha256"])
        if current:
            for other in self.files.values():
                other.unrecognized_fields.pop("custom", None)
            file.unrecognized_fields["custom"] = {"current": True}
            self.page = Blob(digest, len(data), len(data))
        self.files[file.path] = file

    # --- signing ----------------------------------------------------------------------------------------------

    def sign(self, **changes: Change) -> None:
        """Sign the tenant's role, targets, snapshot and timestamp anew. `changes` lie in one of them before it is signed."""
        self.sign_tenant(changes.get(TENANT))
        self.sign_targets(changes.get("targets"))
        self.sign_snapshot(changes.get("snapshot"))
        self.sign_timestamp(changes.get("timestamp"))

    def sign_root(self, change: Change | None = None, *, by: tuple[str, ...] = ("root", "root-2")) -> None:
        """The next root; threshold 2 for root and targets. Signed also by keys of the root before, if named."""
        root = Root(expires=self.expires + timedelta(days=365))
        for role, names in {
            "root": ("root", "root-2"), "targets": ("targets", "targets-2"), "snapshot": ("snapshot",), "timestamp": ("timestamp",),
        }.items():  # fmt: skip
            for name in names:
                root.add_key(self.key(name), role)
            root.roles[role].threshold = len(names)
        self._sign("root", root, by, change)

    def sign_tenant(self, change: Change | None = None) -> None:
        targets = Targets(expires=self.expires)
        targets.targets = dict(self.files)
        self._sign(TENANT, targets, (TENANT,), change)

    def sign_targets(self, change: Change | None = None) -> None:
        targets = Targets(expires=self.expires)
        key = self.key(TENANT)
        role = DelegatedRole(TENANT, [key.keyid], 1, terminating=True, paths=[f"content/{TENANT}/*"])
        targets.delegations = Delegations({key.keyid: key}, {TENANT: role})
        self._sign("targets", targets, ("targets", "targets-2"), change)

    def sign_snapshot(self, change: Change | None = None) -> None:
        snapshot = Snapshot(expires=self.expires)
        snapshot.meta = {f"{role}.json": self._meta(role) for role in ("targets", TENANT)}
        self._sign("snapshot", snapshot, ("snapshot",), change)

    def sign_timestamp(self, change: Change | None = None) -> None:
        self._sign(
            "timestamp",
            Timestamp(expires=self.expires, snapshot_meta=self._meta("snapshot")),
            ("timestamp",),
            change,
        )

    def honest(self) -> Callable[[], None]:
        """What brings the repository back into its owner's hands as it is now; versions go on from where a thief left them."""
        signers, files, root = dict(self.signers), dict(self.files), self.versions["root"]

        def back() -> None:
            self.signers, self.files = signers, files
            for role in self.versions:
                self.versions[role] = root if role == "root" else self.versions[role] + 10
            (self.folder / f"metadata/{root + 1}.root.json").unlink(missing_ok=True)
            self.expires = NOW + timedelta(days=90)

        return back

    def replace_key(self, name: str) -> CryptoSigner:
        """Another key from now on; the old one, for thieves."""
        old = self.signers[name]
        self.signers[name] = CryptoSigner.generate_ed25519()
        return old

    def key(self, name: str) -> Key:
        return cast(Key, self.signers[name].public_key)

    def _meta(self, role: str) -> MetaFile:
        return MetaFile.from_data(self.versions[role], self.signed[role], ["sha256"])

    def _sign(self, role: str, signed: Any, by: tuple[str, ...], change: Change | None) -> None:
        self.versions[role] += 1
        signed.version = self.versions[role]
        if change is not None:
            change(signed)
        metadata: Metadata[Any] = Metadata(signed)
        for name in by:
            metadata.sign(self.signers[name], append=True)
        self.signed[role] = metadata.to_bytes()
        name = "timestamp.json" if role == "timestamp" else f"{self.versions[role]}.{role}.json"
        self.put(f"metadata/{name}", self.signed[role])

    def put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.replace(path)  # a kiosk may be reading

    # --- damage -----------------------------------------------------------------------------------------------

    def path(self, blob: Blob) -> Path:
        """Where a blob lies."""
        return self.folder / "blobs" / blob.path

    def edit(self, name: str, change: Change) -> None:
        """Change a metadata file's text, and leave its signatures as they are."""
        path = self.folder / "metadata" / name
        found = json.loads(path.read_bytes())
        change(found)
        path.write_bytes(json.dumps(found).encode())
