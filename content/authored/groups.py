"""Which groups a kiosk is in."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from content.authored.model import ALL, Content, Group, Where


def groups_of(content: Content, where: Where) -> frozenset[str]:
    """The keys of the groups a kiosk is in, "all" among them."""
    lines = {line.key for line in content.lines if _matches(where.site, line.stations)}
    return frozenset({ALL, *(group.key for group in content.groups if _is_in(group, where, lines))})


def fits(groups: Iterable[str], of_kiosk: frozenset[str]) -> bool:
    """Whether something that is for these groups is for a kiosk in those; for none named: for all."""
    named = tuple(groups)
    return not named or not of_kiosk.isdisjoint(named)


def _is_in(group: Group, where: Where, lines: set[str]) -> bool:
    address = f"{where.site}/{where.kiosk}"
    if group.orientation not in (None, where.orientation) or _matches(address, group.without):
        return False
    named = (group.lines, group.stations, group.kiosks, group.tags)
    return not any(named) or (
        not lines.isdisjoint(group.lines)
        or _matches(where.site, group.stations)
        or _matches(address, group.kiosks)
        or not set(where.tags).isdisjoint(group.tags)
    )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    # Patterns hold letters, digits, dashes and `*` alone (content.authored.model), so that nothing else is special.
    return any(fnmatchcase(name, pattern) for pattern in patterns)
