"""Settings of `[plugin.ear]`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from kairos.api import HOURS

_HOURS = f"^$|{HOURS.pattern}"


class EarSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to listen, to what, and what to tell."""

    listen: bool = False
    """Whether a microphone is opened at all; nothing is until the owner says so."""
    device: str = ""
    """Part of the device's name; empty is the system's default. `kairos doctor` lists them."""
    place: str = "microphone"
    """What events call it, e.g. `microphone desk`."""
    mute_hours: Annotated[str, Meta(pattern=_HOURS)] = ""
    """Local hours such as `22:00-07:00` in which nothing is heard."""
    speech: bool = True
    """Whether an event says that somebody spoke, and how long."""
    alarms: bool = True
    """Whether beepers are told: smoke, carbon monoxide and others."""
    refractory_s: Annotated[float, Meta(ge=1)] = 60.0
    """Seconds between two events about one sound that goes on."""
    sure: Annotated[float, Meta(gt=0, lt=1)] = 0.6
    """Probability below which nothing is told."""
