"""Secrets in files that only their owner may read, as payments.toml names them."""

from __future__ import annotations

from pathlib import Path


def secret(folder: Path, name: str, content: str | bytes) -> str:
    """Write a secret file; returns its name."""
    path = folder / name
    path.touch(0o600)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return name
