"""One plugin and how it stands: the row of `kairos plugins`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class PluginStatus(str, Enum):
    """How a plugin stands."""

    LOADED = "loaded"
    RUNNING = "running"
    BACKING_OFF = "backing off"
    """Its own life ended or raised; it is started again after a pause."""
    PARKED = "parked"
    """Too many strikes; tried again after a rest."""
    DEAD = "dead"
    """Left too many threads hanging, or broke its contract; not tried again until a restart."""
    DISABLED = "disabled"
    LOAD_FAILED = "load failed"


@dataclass
class PluginRecord:
    """Mutable on purpose: the host writes it, everybody else reads."""

    name: str
    version: str = ""
    status: PluginStatus = PluginStatus.LOADED
    detail: str = ""
    """What the plugin says of itself, or why it does not run."""
    plugin: Any = None
    strikes: int = 0
    """Failures in a row."""
    calls: int = 0
    failures: int = 0
    timeouts: int = 0
    hung_threads: int = 0
    restarts: int = 0
    events: int = 0
    parks: int = 0
    parked_until: float = 0.0
    hooks: tuple[str, ...] = field(default_factory=tuple)

    @property
    def callable(self) -> bool:
        """Whether the host may call into it now."""
        return self.status in (PluginStatus.LOADED, PluginStatus.RUNNING, PluginStatus.BACKING_OFF)

    @property
    def broken(self) -> bool:
        """Whether a person should look at it."""
        return self.status in (PluginStatus.DEAD, PluginStatus.LOAD_FAILED, PluginStatus.PARKED)

    def back_off(self) -> None:
        """Its life ended; it will be started again, unless it is beyond that."""
        if self.status is not PluginStatus.DEAD:
            self.status = PluginStatus.BACKING_OFF

    def row(self) -> dict[str, Any]:
        """For `kairos plugins` and the feed."""
        return {
            "name": self.name, "version": self.version, "status": self.status.value, "detail": self.detail,
            "calls": self.calls, "failures": self.failures, "timeouts": self.timeouts,
            "hung_threads": self.hung_threads, "restarts": self.restarts, "events": self.events,
        }  # fmt: skip
