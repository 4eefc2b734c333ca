"""A slot as a calendar file (RFC 5545), so that a phone reminds its owner of it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet.shop.orders import Placed


def event(placed: Placed, title: str, where: str, url: str, host: str, now_ms: int) -> bytes:
    """One VEVENT. Lines end with CRLF and are folded at 75 octets (3.1)."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Endcap//Shop//EN", "BEGIN:VEVENT", f"UID:{placed.order}@{host}",
        f"DTSTAMP:{_utc(now_ms)}", f"DTSTART:{_utc(placed.starts_ms)}", f"DTEND:{_utc(placed.until_ms)}",
        f"SUMMARY:{_text(title)}", f"LOCATION:{_text(where)}", f"URL:{url}", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return b"".join(_folded(line) for line in lines)


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escaped as in 3.3.11."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    folded, room = [b""], 75
    for char in line:
        octets = char.encode()
        if len(folded[-1]) + len(octets) > room:
            folded.append(b" ")
        folded[-1] += octets
    return b"\r\n".join(folded) + b"\r\n"
