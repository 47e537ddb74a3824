"""What a plugin gets: the machine, and the little of the daemon it may touch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from kairos.events import Event
from kairos.ports.fixed_point import FixedPoint
from kairos.ports.machine import Desktop, HostMetrics, Journal
from kairos.ports.sound import Microphone, Utterance


class Drivers(msgspec.Struct, frozen=True, kw_only=True):
    """The drivers a plugin may ask for; a missing one is None and its user degrades."""

    host_metrics: HostMetrics | None = None
    desktop: Desktop | None = None
    journal: Journal | None = None
    fixed_point: FixedPoint | None = None
    microphone: Microphone | None = None


class Publisher(Protocol):
    """The feed, as rooms and plugins see it."""

    def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send one numbered message; never blocks, never raises."""
        ...


class Emit(Protocol):
    """How a source hands in events: returns once they are durable."""

    async def __call__(self, *events: Event) -> None:
        """Raises nothing a source could mend: a full disk is waited out."""
        ...


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks of a plugin, over the bus or by a command of its own."""

    do: str
    """The plugin's own word for it."""
    body: Mapping[str, Any]
    """The whole message: nothing in it is checked yet."""


class PluginContext(Protocol):
    """What a plugin gets at start; everything it may touch."""

    @property
    def drivers(self) -> Drivers:
        """The machine."""
        ...

    @property
    def state_dir(self) -> Path:
        """A directory of the plugin's own, kept across restarts."""
        ...

    @property
    def emit(self) -> Emit:
        """Hand in events."""
        ...

    def settings(self, into: type[Any]) -> Any:
        """The plugin's table `[plugin.NAME]` as a frozen struct; raises `SettingsError`."""
        ...

    def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send to the feed."""
        ...

    def share(self, utterance: Utterance) -> None:
        """Hand an utterance to every plugin that has `kairos_utterance`; returns at once."""
        ...

    def status(self, text: str) -> None:
        """Say what the plugin is doing, for `kairos plugins`."""
        ...
