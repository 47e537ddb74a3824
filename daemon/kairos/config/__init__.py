"""Settings: read once from file, drop-ins, environment and command line, checked, then frozen."""

from __future__ import annotations

from kairos.config.hours import within
from kairos.config.load import Loaded, Overrides, load
from kairos.config.places import Places, places
from kairos.config.schema import (
    ActSettings,
    BusSettings,
    CommandTemplate,
    Expectation,
    HeartbeatSettings,
    InboxSettings,
    Inhibition,
    LedgerSettings,
    LogSettings,
    MindSettings,
    PluginsSettings,
    Reminder,
    Settings,
    Silence,
    WebhookTemplate,
)

__all__ = [
    "ActSettings",
    "BusSettings",
    "CommandTemplate",
    "Expectation",
    "HeartbeatSettings",
    "InboxSettings",
    "Inhibition",
    "LedgerSettings",
    "Loaded",
    "LogSettings",
    "MindSettings",
    "Overrides",
    "Places",
    "PluginsSettings",
    "Reminder",
    "Settings",
    "Silence",
    "WebhookTemplate",
    "load",
    "places",
    "within",
]
