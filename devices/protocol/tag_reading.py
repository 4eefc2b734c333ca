"""Read what a tag, or a phone that plays one, has to say: one generator for all readers, whatever wire they hang on.

The generator yields bytes to exchange with the tag (a Type 2 command or an APDU; the reader does the anticollision, the
RATS and the blocks) and is sent the tag's answer. It never yields for ever: every loop is bounded by what the tag may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from devices.protocol import own_app, type2, type4

ISO_DEP, CLASSIC, TYPE_2_MASK = 0x20, 0x08, 0x60  # SEL_RES, NXP AN10833 and Digital 1.1, 6.8.2


@dataclass(frozen=True, slots=True)
class Target:
    """An activated ISO 14443 type A card. Its number is in no repr: nobody must log it by mistake."""

    uid: bytes = field(repr=False)
    sens_res: bytes
    sel_res: int
    ats: bytes

    @property
    def made_up(self) -> bool:
        """Whether its number is random, as phones' are (ISO 14443-3, 6.4.4): new each time the field comes on."""
        return len(self.uid) == 4 and self.uid[0] == 0x08


@dataclass(frozen=True, slots=True)
class TagContent:
    """What was read: `technology` is type-2 | type-4 | hce | none; `message` the NDEF message, b"" where there is none,
    or for hce what our own application on the phone gave.
    """

    technology: str
    message: bytes


Reading = Generator[bytes, bytes, TagContent]


def read(target: Target, *, aid: bytes | None) -> Reading:
    """Read a tag to its end. `aid`: ask a phone for that application of ours first.

    Raises ProtocolError for a tag that says nonsense. A card that is no tag (a ticket, a bank card) is "none".
    """
    if target.sel_res & ISO_DEP:
        if aid is not None:
            answer = yield from own_app.ask(aid)
            if answer is not None:
                return TagContent("hce", answer)
        message = yield from type4.read()
        return TagContent("none", b"") if message is None else TagContent("type-4", message)
    if target.sel_res & (TYPE_2_MASK | CLASSIC) == 0:
        message = yield from type2.read()
        return TagContent("none", b"") if message is None else TagContent("type-2", message)
    return TagContent("none", b"")


def run(reading: Reading, exchange: Callable[[bytes], bytes]) -> TagContent:
    """Let `exchange` carry every question to the tag. Raises what it raises, and ProtocolError."""
    try:
        question = next(reading)
        while True:
            question = reading.send(exchange(question))
    except StopIteration as end:
        content: TagContent = end.value
        return content
    finally:
        reading.close()
