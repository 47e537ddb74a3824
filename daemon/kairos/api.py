"""All a plugin author imports."""

from __future__ import annotations

from kairos.client.messages import new_id
from kairos.errors import ActuatorFailed, KairosError, PluginError, SettingsError
from kairos.events import Decision, Event, Frame, Outcome, Priority, Rows, Tick, Verdict
from kairos.hooks import hookimpl
from kairos.logs import get_logger
from kairos.ports import (
    Actuator,
    Desktop,
    Drivers,
    Emit,
    HostMetrics,
    Journal,
    Order,
    PluginContext,
)

__all__ = [
    "Actuator",
    "ActuatorFailed",
    "Decision",
    "Desktop",
    "Drivers",
    "Emit",
    "Event",
    "Frame",
    "HostMetrics",
    "Journal",
    "KairosError",
    "Order",
    "Outcome",
    "PluginContext",
    "PluginError",
    "Priority",
    "Rows",
    "SettingsError",
    "Tick",
    "Verdict",
    "get_logger",
    "hookimpl",
    "new_id",
]
