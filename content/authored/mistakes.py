"""What is wrong with content, said so that the operator can put it right: file, place in it, rule."""

from __future__ import annotations

from msgspec import Struct


class Mistake(Struct, frozen=True):
    """One mistake. `path` leads to it in the file: `walls[0].shelves[2].aisle`, or `line 7, price (FV-01)` in a table."""

    file: str
    path: str
    rule: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.path, self.rule) if part)


class ContentError(Exception):
    """Content cannot be used. `mistakes` holds all that is wrong with it, never none."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
