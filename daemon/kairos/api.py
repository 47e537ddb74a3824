"""All a plugin author imports."""

from __future__ import annotations

from kairos.checks import Check, Findings, GateError, Lesson, Resident, Trial, missed, quantile
from kairos.client.messages import new_id
from kairos.config.hours import HOURS, within
from kairos.errors import ActuatorFailed, KairosError, MicrophoneUnavailable, PluginError, SettingsError
from kairos.events import Decision, Event, Frame, Judgement, Outcome, Priority, Rows, Tick, Verdict
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
    Listening,
    Microphone,
    Order,
    PluginContext,
    Request,
    Utterance,
)
from kairos.rates import auc, average_precision

__all__ = [
    "HOURS",
    "Actuator",
    "ActuatorFailed",
    "Check",
    "Decision",
    "Desktop",
    "Drivers",
    "Emit",
    "Event",
    "Findings",
    "FixedPoint",
    "Frame",
    "GateError",
    "HostMetrics",
    "IntegerNetwork",
    "IntegerStream",
    "Journal",
    "Judgement",
    "KairosError",
    "Layer",
    "Lesson",
    "Listening",
    "Microphone",
    "MicrophoneUnavailable",
    "Order",
    "Outcome",
    "PluginContext",
    "PluginError",
    "Priority",
    "Request",
    "Resident",
    "Rows",
    "SettingsError",
    "Tick",
    "Trial",
    "Utterance",
    "Verdict",
    "auc",
    "average_precision",
    "get_logger",
    "hookimpl",
    "missed",
    "new_id",
    "quantile",
    "within",
]
