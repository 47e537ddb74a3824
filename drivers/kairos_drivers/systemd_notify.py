"""systemd's readiness and watchdog protocol: one datagram, sd_notify(3). Driver `supervisor`."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class SystemdNotify:
    """`Supervisor` over `NOTIFY_SOCKET`; silent where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._pid = environment.get("WATCHDOG_PID", "")
        self._usec = environment.get("WATCHDOG_USEC", "")

    @property
    def watchdog_s(self) -> float | None:
        """Seconds systemd waits for a ping of ours; None if it does not, or watches another process."""
        if not self._usec.isdigit() or (self._pid and self._pid != str(os.getpid())):
            return None
        return int(self._usec) / 1e6

    def notify(self, *fields: str) -> None:
        """Send `fields`; a refusal is ignored, since nothing depends on it here."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                channel.sendto("\n".join(fields).encode(), address)
            except OSError:
                return
