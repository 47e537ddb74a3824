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
    FixedPoint,
    HostMetrics,
    IntegerNetwork,
    IntegerStream,
    Journal,
    Layer,
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
    "FixedPoint",
    "Frame",
    "HostMetrics",
    "IntegerNetwork",
    "IntegerStream",
    "Journal",
    "KairosError",
    "Layer",
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
