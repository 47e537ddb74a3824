"""The machine the daemon runs on: its numbers, its screen, its journal, whoever started us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class HostMetrics(Protocol):
    """The machine's own numbers."""

    def read(self) -> dict[str, float]:
        """All metrics now, by name, e.g. `disk_percent[/]`; blocks for some milliseconds."""
        ...


class Desktop(Protocol):
    """A person's screen."""

    async def notify(self, title: str, body: str, key: str) -> None:
        """Show a message; raises `ActuatorFailed` where there is no desktop."""
        ...


class Journal(Protocol):
    """The system's journal."""

    def available(self) -> bool:
        """Whether this machine has one we may read."""
        ...

    def follow(self, cursor: str | None) -> AsyncIterator[tuple[str, str, str]]:
        """Endless `(cursor, source, line)` after `cursor`, or from now."""
        ...


class Supervisor(Protocol):
    """Whoever started us and wants to know that we live: systemd, or nobody."""

    @property
    def watchdog_s(self) -> float | None:
        """Seconds without a ping after which we are killed; None where nobody watches."""
        ...

    def notify(self, *fields: str) -> None:
        """Send `READY=1` and the like; silently nothing where nobody listens."""
        ...
