"""Just enough of PC/SC (winscard.h, by ctypes) to send one APDU to the first card that pcscd has powered."""

from __future__ import annotations

from ctypes import CDLL, POINTER, Structure, byref, c_char_p, c_long, c_ulong, create_string_buffer, sizeof

SCOPE_SYSTEM, SHARE_SHARED, ANY_PROTOCOL, LEAVE_CARD = 2, 2, 3, 0


class _Pci(Structure):
    """SCARD_IO_REQUEST."""

    _fields_ = (("protocol", c_ulong), ("length", c_ulong))


def transmit(apdu: bytes) -> tuple[str, bytes] | None:
    """The reader's name and the card's answer; None while there is no daemon, no reader or no card."""
    library = CDLL("libpcsclite.so.1")
    for function in ("SCardEstablishContext", "SCardListReaders", "SCardConnect", "SCardTransmit"):
        getattr(library, function).restype = c_long
    context = c_ulong()
    if library.SCardEstablishContext(c_ulong(SCOPE_SYSTEM), None, None, byref(context)):
        return None
    try:
        return _with_context(library, context, apdu)
    finally:
        library.SCardReleaseContext(context)


def _with_context(library: CDLL, context: c_ulong, apdu: bytes) -> tuple[str, bytes] | None:
    names, size = create_string_buffer(1024), c_ulong(1024)
    if library.SCardListReaders(context, None, names, byref(size)) or size.value < 2:
        return None
    reader = names.raw.split(b"\0")[0]
    card, protocol = c_ulong(), c_ulong()
    if library.SCardConnect(
        context, c_char_p(reader), c_ulong(SHARE_SHARED), c_ulong(ANY_PROTOCOL), byref(card), byref(protocol)
    ):
        return None
    try:
        answer, length = create_string_buffer(258), c_ulong(258)
        request = _Pci(protocol.value, sizeof(_Pci))
        failed = library.SCardTransmit(
            card, byref(request), apdu, c_ulong(len(apdu)), POINTER(_Pci)(), answer, byref(length)
        )
        return None if failed else (reader.decode(), answer.raw[: length.value])
    finally:
        library.SCardDisconnect(card, c_ulong(LEAVE_CARD))
