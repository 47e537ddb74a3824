"""The actuators KAIROS brings, and how the registered set follows from the settings."""

from __future__ import annotations

from kairos.act.actuators.command import CommandActuator
from kairos.act.actuators.notify import NotifyActuator
from kairos.act.actuators.publish import PublishActuator
from kairos.act.actuators.record import LogActuator
from kairos.act.actuators.webhook import WebhookActuator
from kairos.config import ActSettings
from kairos.ports import Actuator, Desktop, Publisher

__all__ = ["built_in"]


def built_in(settings: ActSettings, *, desktop: Desktop | None, publisher: Publisher) -> dict[str, Actuator]:
    """Every actuator of our own by name; those with a name in the settings carry it."""
    found: list[Actuator] = [LogActuator(), NotifyActuator(desktop, publisher), PublishActuator(publisher)]
    found += [CommandActuator(name, template) for name, template in settings.commands.items()]
    found += [WebhookActuator(name, template) for name, template in settings.webhooks.items()]
    return {actuator.name: actuator for actuator in found}
