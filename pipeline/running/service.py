"""What systemd is told: that the office is open, that it lives, that it closes (sd_notify(3)). Hides the socket.

Where nobody listens (no NOTIFY_SOCKET) nothing happens.
"""

from __future__ import annotations

import logging
import os
import socket
import time

log = logging.getLogger(__name__)
READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def reloading() -> str:
    """A reload is told with the moment at which it began, by the clock that systemd goes by."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def busy(seconds: float) -> str:
    """It needs so much longer to begin, to reload or to end than the unit allows."""
    return f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}"


def status(words: str) -> str:
    """One line that `systemctl status` shows."""
    return f"STATUS={' '.join(words.split())}"


def notify(*said: str) -> None:
    """Tell systemd; an address that begins with @ lies in no folder."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            to.sendall("\n".join(said).encode())
    except OSError as error:
        log.warning("notify: %s", error)
