"""NDEF: what NFC tags carry (NFC Forum NDEF 1.0, RTD URI 1.0, Text 1.0, Smart Poster 1.1), without a tag.

A message is one or more records; the first has the flag MB, the last ME. A record's payload may come in chunks (CF): here it
is one record again. Why our own and not ndeflib: docs/adr/0008-own-ndef-parser.md; ndeflib judges ours in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.errors import ProtocolError

EMPTY, WELL_KNOWN, MEDIA, ABSOLUTE_URI, EXTERNAL, UNKNOWN, UNCHANGED, RESERVED = range(8)  # TNF, NDEF 3.2.6
MOST_MESSAGE = 8192  # bytes: an NTAG216 holds 868, and a phone that plays a tag hardly more than a URI
MOST_RECORDS = 64  # a record takes 3 bytes at least; nobody needs thousands

_MB, _ME, _CF, _SR, _IL = 0x80, 0x40, 0x20, 0x10, 0x08

# RTD URI 1.0, table 3: a code's place is its number. Codes from 36 on are reserved and stand for no prefix.
PREFIXES = (
    "", "http://www.", "https://www.", "http://", "https://", "tel:", "mailto:", "ftp://anonymous:anonymous@", "ftp://ftp.",
    "ftps://", "sftp://", "smb://", "nfs://", "ftp://", "dav://", "news:", "telnet://", "imap:", "rtsp://", "urn:", "pop:", "sip:",
    "sips:", "tftp:", "btspp://", "btl2cap://", "btgoep://", "tcpobex://", "irdaobex://", "file://", "urn:epc:id:", "urn:epc:tag:",
    "urn:epc:pat:", "urn:epc:raw:", "urn:epc:", "urn:nfc:",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One record, whole: `tnf` says how `type` is to be read (0..7), `id` names it within the message, mostly b""."""

    tnf: int
    type: bytes
    payload: bytes
    id: bytes = b""


def decode(message: bytes) -> list[Record]:
    """All records of exactly one message. Raises ProtocolError, saying at which byte."""
    if len(message) > MOST_MESSAGE:
        raise ProtocolError(f"an NDEF message of {len(message)} bytes; at most {MOST_MESSAGE} are read")
    records: list[Record] = []
    begun: Record | None = None  # the record whose chunks are being joined
    at = 0
    while at < len(message):
        flags, part, end = _record(message, at)
        first, last = at == 0, end == len(message)
        if bool(flags & _MB) != first:
            raise ProtocolError(
                f"NDEF record at byte {at}: message begin flag {'missing' if first else 'again'}"
            )
        if bool(flags & _ME) != last:
            raise ProtocolError(
                f"NDEF record at byte {at}: message end flag {'missing' if last else 'too early'}"
            )
        whole = _joined(begun, part, flags, at)
        if flags & _CF:
            begun = whole
        else:
            begun = None
            records.append(whole)
            if len(records) > MOST_RECORDS:
                raise ProtocolError(f"an NDEF message of more than {MOST_RECORDS} records")
        at = end
    if begun is not None:
        raise ProtocolError("NDEF message ends within a chunked record")
    if not records:
        raise ProtocolError("an NDEF message of no records")
    return records


def _record(message: bytes, at: int) -> tuple[int, Record, int]:
    """Flags, record (or chunk) and end of the one that begins at `at`."""
    flags = message[at]
    fixed = 3 if flags & _SR else 6
    fixed += bool(flags & _IL)
    head = message[at : at + fixed]
    if len(head) < fixed:
        raise ProtocolError(
            f"NDEF record at byte {at}: its header takes {fixed} bytes, {len(head)} are there"
        )
    type_size = head[1]
    size = head[2] if flags & _SR else int.from_bytes(head[2:6], "big")
    id_size = head[-1] if flags & _IL else 0
    end = at + fixed + type_size + id_size + size
    if end > len(message):
        raise ProtocolError(f"NDEF record at byte {at}: it ends at byte {end} of a message of {len(message)}")
    type_end = at + fixed + type_size
    record = Record(
        flags & 7,
        message[at + fixed : type_end],
        message[type_end + id_size : end],
        message[type_end : type_end + id_size],
    )
    _check(record, at)
    return flags, record, end


def _check(record: Record, at: int) -> None:
    """NDEF 3.2.6: which fields a type name format allows."""
    wrong = ""
    if record.tnf == EMPTY and (record.type or record.id or record.payload):
        wrong = "an empty record with content"
    elif record.tnf in (UNKNOWN, UNCHANGED) and record.type:
        wrong = "a type where there must be none"
    elif record.tnf in (WELL_KNOWN, MEDIA, ABSOLUTE_URI, EXTERNAL) and not record.type:
        wrong = "no type"
    if wrong:
        raise ProtocolError(f"NDEF record at byte {at}: {wrong}")


def _joined(begun: Record | None, part: Record, flags: int, at: int) -> Record:
    """The record so far, `part` being its first, next or only chunk (NDEF 2.3.3)."""
    if begun is None:
        if part.tnf == UNCHANGED:
            raise ProtocolError(f"NDEF record at byte {at}: a chunk of no record")
        if part.tnf == EMPTY and flags & _CF:
            raise ProtocolError(f"NDEF record at byte {at}: an empty record in chunks")
        return part
    if part.tnf != UNCHANGED:
        raise ProtocolError(f"NDEF record at byte {at}: begins within another one's chunks")
    if part.id:
        raise ProtocolError(f"NDEF record at byte {at}: an id in a later chunk")
    return Record(begun.tnf, begun.type, begun.payload + part.payload, begun.id)


def encode(records: Sequence[Record]) -> bytes:
    """One message of those records, unchunked. Raises ProtocolError where they make none, or too long a one."""
    if not 1 <= len(records) <= MOST_RECORDS:
        raise ProtocolError(f"an NDEF message has 1 to {MOST_RECORDS} records, not {len(records)}")
    message = bytearray()
    for number, record in enumerate(records):
        if not 0 <= record.tnf < UNCHANGED:
            raise ProtocolError(f"NDEF record {number}: type name format {record.tnf}")
        if len(record.type) > 255 or len(record.id) > 255:
            raise ProtocolError(f"NDEF record {number}: type and id take at most 255 bytes each")
        _check(record, len(message))
        short = len(record.payload) < 256
        message.append(
            record.tnf
            | (_MB if number == 0 else 0)
            | (_ME if number == len(records) - 1 else 0)
            | (_SR if short else 0)
            | (_IL if record.id else 0)
        )
        message.append(len(record.type))
        message += len(record.payload).to_bytes(1 if short else 4, "big")
        if record.id:
            message.append(len(record.id))
        message += record.type + record.id + record.payload
    if len(message) > MOST_MESSAGE:
        raise ProtocolError(f"an NDEF message of {len(message)} bytes; at most {MOST_MESSAGE} are written")
    return bytes(message)


def uri_record(uri: str) -> Record:
    """A URI record with the longest prefix that fits."""
    code = max(
        (number for number, prefix in enumerate(PREFIXES) if uri.startswith(prefix)),
        key=lambda number: len(PREFIXES[number]),
    )
    return Record(WELL_KNOWN, b"U", bytes([code]) + uri[len(PREFIXES[code]) :].encode())


def text_record(text: str, language: str = "en") -> Record:
    """A text record, UTF-8; `language` is an IANA tag of at most 63 bytes."""
    tag = language.encode("ascii")
    if not 1 <= len(tag) <= 63:
        raise ProtocolError(f"a text record's language has 1 to 63 letters, not {len(tag)}")
    return Record(WELL_KNOWN, b"T", bytes([len(tag)]) + tag + text.encode())


def mime_record(media_type: str, data: bytes) -> Record:
    """A record of an internet media type, such as application/json."""
    return Record(MEDIA, media_type.encode("ascii"), data)


def smart_poster(uri: str, titles: Sequence[tuple[str, str]] = ()) -> Record:
    """A smart poster: an address with `titles` as (language, text)."""
    inner = [uri_record(uri), *(text_record(text, language) for language, text in titles)]
    return Record(WELL_KNOWN, b"Sp", encode(inner))


def uri_of(record: Record) -> str:
    """The address a record holds: URI, absolute URI or smart poster; "" for any other. Raises ProtocolError for a broken one."""
    if record.tnf == ABSOLUTE_URI:
        return _utf8(record.type, "absolute URI")
    if record.tnf != WELL_KNOWN:
        return ""
    if record.type == b"U":
        if not record.payload:
            raise ProtocolError("a URI record without its prefix code")
        code = record.payload[0]
        return (PREFIXES[code] if code < len(PREFIXES) else "") + _utf8(record.payload[1:], "URI record")
    if record.type == b"Sp":
        # A poster within a poster is nobody's: only its URI record counts, so nothing recurses.
        inner = [part for part in decode(record.payload) if (part.tnf, part.type) == (WELL_KNOWN, b"U")]
        if len(inner) != 1:
            raise ProtocolError(f"a smart poster with {len(inner)} URI records")
        return uri_of(inner[0])
    return ""


def text_of(record: Record) -> tuple[str, str]:
    """Language and text of a text record, ("", "") for any other. Raises ProtocolError for a broken one."""
    if (record.tnf, record.type) != (WELL_KNOWN, b"T"):
        return "", ""
    status = record.payload[0] if record.payload else 0xFF
    size = status & 0x3F
    if not record.payload or len(record.payload) < 1 + size or status & 0x40:
        raise ProtocolError("a text record without its language")
    try:
        language = record.payload[1 : 1 + size].decode("ascii")
        text = record.payload[1 + size :].decode("utf-16" if status & 0x80 else "utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"a text record that is none: {error.reason}") from None
    return language, text


def first_uri(message: bytes) -> str:
    """The first address in a message, "" where there is none. Raises ProtocolError."""
    for record in decode(message):
        if uri := uri_of(record):
            return uri
    return ""


def _utf8(data: bytes, what: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{what}: not UTF-8 ({error.reason})") from None
    if any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in text):
        raise ProtocolError(f"{what}: control characters in an address")
    return text
