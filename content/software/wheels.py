"""A wheel, looked into before it is published: what it is called, and that it is the version it is said to be."""

from __future__ import annotations

import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Final

from msgspec import Struct

from content.release.manifest import CAPS, BadRelease

OURS: Final = "endcap"
_MOST_METADATA: Final = 1 << 20


class Wheel(Struct, frozen=True):
    """A wheel's file, and what its METADATA says (PEP 566)."""

    path: Path
    project: str
    version: str
    data: bytes


def read_wheels(given: list[Path]) -> list[Wheel]:
    """The wheels named, or in the folders named, by name. Raises BadRelease: none, damaged, or two of one project."""
    paths = sorted(
        {path for one in given for path in (sorted(one.glob("*.whl")) if one.is_dir() else [one])},
        key=lambda path: path.name,
    )
    if not paths:
        raise BadRelease(f"{', '.join(map(str, given))}: no wheels there")
    wheels = [read_wheel(path) for path in paths]
    seen: dict[str, Wheel] = {}
    for wheel in wheels:
        if (other := seen.setdefault(wheel.project, wheel)) is not wheel:
            raise BadRelease(f"{wheel.path}: {other.path.name} is {wheel.project}, too")
    return wheels


def read_wheel(path: Path) -> Wheel:
    """A wheel. Raises BadRelease where it is none, OSError."""
    if path.stat().st_size > CAPS.blob:
        raise BadRelease(f"{path}: {path.stat().st_size} bytes, expected at most {CAPS.blob}")
    try:
        with zipfile.ZipFile(path) as file:
            if (bad := file.testzip()) is not None:
                raise BadRelease(f"{path}: {bad} in it is damaged")
            inside = [one for one in file.infolist() if one.filename.endswith(".dist-info/METADATA")]
            if len(inside) != 1 or inside[0].file_size > _MOST_METADATA:
                raise BadRelease(f"{path}: expected one METADATA in a wheel")
            told = Parser().parsestr(file.read(inside[0]).decode("utf-8", "replace"), headersonly=True)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise BadRelease(f"{path}: not a wheel ({error})") from None
    project = (told.get("Name") or "").strip().lower().replace("_", "-").replace(".", "-")
    version = (told.get("Version") or "").strip()
    if not project or not version:
        raise BadRelease(f"{path}: its METADATA has no name or version")
    return Wheel(path, project, version, path.read_bytes())
