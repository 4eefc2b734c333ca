"""What a pre-flight finds: where, which rule, what to do. Errors keep a release from being signed; a warning is worth a look.

A finding with a `key` is an outlier: unlikely, not impossible. Whoever has looked at it confirms the key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct, structs

ALL: Final = "all"
Level = Literal["error", "warning"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing. `path` leads to it in the file, or names the screen and the language it was seen on."""

    level: Level
    file: str
    path: str
    rule: str
    found: str
    do: str
    key: str = ""
    confirmed: bool = False

    def __str__(self) -> str:
        confirm = f" (--confirm {self.key})" if self.key and not self.confirmed else ""
        level = "confirmed" if self.confirmed else self.level
        where = ": ".join(part for part in (self.file, self.path) if part)
        return f"{level}: {where}: {self.rule}: {self.found}; {self.do}{confirm}"


class Report(Struct, frozen=True, kw_only=True):
    """All that was found, and how far was looked: sentences for whoever reads it."""

    findings: tuple[Finding, ...]
    looked: tuple[str, ...]
    seconds: float

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from being signed."""
        return tuple(each for each in self.findings if each.level == "error")


def confirmed(findings: Iterable[Finding], keys: Iterable[str]) -> list[Finding]:
    """Outliers a person has looked at become warnings; a key nobody asked for is told of."""
    given = set(keys)
    asked = set()
    out = []
    for each in findings:
        if each.key:
            asked.add(each.key)
        if each.key and (each.key in given or ALL in given):
            each = structs.replace(each, level="warning", confirmed=True)
        out.append(each)
    return out + [
        Finding(
            level="warning", file="", path=f"--confirm {key}", rule="confirm.unknown",
            found="nothing asks for it", do="check how it is written",
        )
        for key in sorted(given - asked - {ALL})
    ]  # fmt: skip


__all__ = ["ALL", "Finding", "Level", "Report", "confirmed"]
