"""What the daemon needs from outside its rooms, as protocols: who fills one is decided in `boot`.

Each says which calls change state, in which order they are legal and what they raise. One fake per
port lies in `kairos.testing`.
"""

from __future__ import annotations

from kairos.ports.actuators import Actuator, Order
from kairos.ports.fixed_point import FixedPoint, IntegerNetwork, IntegerStream, Layer
from kairos.ports.machine import Desktop, HostMetrics, Journal, Supervisor
from kairos.ports.plugins import Drivers, Emit, PluginContext, Publisher, Request
from kairos.ports.rooms import DueEvents, IdleBook, Mind, Settling, TickListener
from kairos.ports.sound import InputDevice, Listening, Microphone, Utterance

__all__ = [
    "Actuator",
    "Desktop",
    "Drivers",
    "DueEvents",
    "Emit",
    "FixedPoint",
    "HostMetrics",
    "IdleBook",
    "InputDevice",
    "IntegerNetwork",
    "IntegerStream",
    "Journal",
    "Layer",
    "Listening",
    "Microphone",
    "Mind",
    "Order",
    "PluginContext",
    "Publisher",
    "Request",
    "Settling",
    "Supervisor",
    "TickListener",
    "Utterance",
]
