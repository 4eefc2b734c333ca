"""What an operator writes, as a folder: read and checked whole, resolved for one kiosk, cut into parts for a release."""

from content.authored.groups import groups_of
from content.authored.mistakes import ContentError, Mistake
from content.authored.model import Content, Where
from content.authored.parts import from_parts, to_parts
from content.authored.reading import Authored, read_content
from content.authored.resolving import resolve

__all__ = [
    "Authored", "Content", "ContentError", "Mistake", "Where", "from_parts", "groups_of", "read_content", "resolve",
    "to_parts",
]  # fmt: skip
