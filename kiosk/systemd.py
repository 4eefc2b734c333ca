"""A word to systemd, where it listens: ready, still alive, stopping. See sd_notify(3); without it nothing happens."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(state: str) -> bool:
    """Send `state` ("READY=1") to the service manager. False where there is none, or it cannot be reached."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), socket.MSG_DONTWAIT, address)
        return True
    return False


def beat_ms() -> int:
    """How often to say WATCHDOG=1: half of what the service manager allows (sd_watchdog_enabled(3)); 0: never."""
    try:
        allowed_us = int(os.environ.get("WATCHDOG_USEC", "0"))
        owner = int(os.environ.get("WATCHDOG_PID", str(os.getpid())))
    except ValueError:
        return 0
    return allowed_us // 2000 if owner == os.getpid() else 0
