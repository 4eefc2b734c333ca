"""The one error of all codecs."""

from __future__ import annotations


class BadPayload(ValueError):
    """A payload, or a field meant for one, that breaks a rule.

    `field` is the field's JSON name or an object's id path ("62.05"), `rule` says what was expected, `position` is the
    0-based character in the payload where reading stopped (None where a field for writing is wrong).
    """

    def __init__(self, field: str, rule: str, position: int | None = None) -> None:
        self.field = field
        self.rule = rule
        self.position = position
        where = "" if position is None else f" (at character {position})"
        super().__init__(f"{field}: {rule}{where}")
