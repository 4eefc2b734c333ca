"""Our own application on an Android phone (host card emulation), read in one exchange after its SELECT.

    SELECT      00 A4 04 00 08 F0454E4443415001 00    -> 01 9000   the highest version the application speaks, one byte
    GET MESSAGE 80 CA 01 00 00                        -> 01 MESSAGE 9000   version of the message, 1 to 240 bytes of content

The application identifier is proprietary and unregistered (ISO 7816-5: it begins with F): F0, "ENDCAP", 01. A phone without
the application answers 6A82 and is read as a tag. What the message says is the application's affair; docs/nfc.md.
"""

from __future__ import annotations

from collections.abc import Generator

from devices.errors import ProtocolError
from devices.protocol import apdu

AID = bytes.fromhex("F0454E4443415001")
VERSION = 1
MOST_CONTENT = 240  # bytes: with header and status it fits any reader's buffer
_SELECT, _GET_DATA, _PROPRIETARY = 0xA4, 0xCA, 0x80


def select(aid: bytes) -> bytes:
    """SELECT by name, first occurrence, answer wanted."""
    return apdu.command(_SELECT, 4, 0, aid, expect=256)


GET_MESSAGE = apdu.command(_GET_DATA, VERSION, 0, expect=256, cla=_PROPRIETARY)


def ask(aid: bytes) -> Generator[bytes, bytes, bytes | None]:
    """The content of the application's message; None where the phone has no such application. Raises ProtocolError."""
    selected = apdu.answer((yield select(aid)))
    if not selected.done:
        return None
    if len(selected.data) != 1 or selected.data[0] < VERSION:
        raise ProtocolError(
            f"our application: it speaks {selected.data[:4].hex() or 'nothing'}, not version {VERSION}"
        )
    given = apdu.answer((yield GET_MESSAGE))
    if not given.done:
        raise ProtocolError(f"our application: no message ({given.status:04X})")
    if not given.data or given.data[0] != VERSION:
        raise ProtocolError(
            f"our application: a message of version {given.data[:1].hex() or 'none'}, {VERSION} was asked for"
        )
    content = given.data[1:]
    if not 1 <= len(content) <= MOST_CONTENT:
        raise ProtocolError(
            f"our application: {len(content)} bytes of content, 1 to {MOST_CONTENT} were expected"
        )
    return content
