"""Settings of `[plugin.ear]`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kairos.api import HOURS

_HOURS = f"^$|{HOURS.pattern}"


class EarSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to listen, to what, and what to tell."""

    listen: bool = False
    """Whether a microphone is opened at all; nothing is until the owner says so."""
    input: Literal["microphone", "lane"] = "microphone"
    """Where sound comes from: a device of this machine, or clients of the bus that send it (`kairos ear hear FILE`)."""
    device: str = ""
    """Part of the device's name; empty is the system's default. `kairos doctor` lists them."""
    place: str = "microphone"
    """What events call it, e.g. `microphone desk`."""
    mute_hours: Annotated[str, Meta(pattern=_HOURS)] = ""
    """Local hours such as `22:00-07:00` in which nothing is heard."""
    push_to_talk: bool = False
    """Whether nothing is heard but for a while after `kairos ear talk`."""
    audible: tuple[str, ...] = ("notify",)
    """Actuators that make a noise: what is spoken until shortly after them is not told, it may be our own."""
    own_noise_s: Annotated[float, Meta(ge=0)] = 3.0
    """Seconds such a noise may last."""
    keep_clips: Annotated[int, Meta(ge=0, le=1000)] = 0
    """How many sounds that were told are kept, the last 10 s of each; 0 keeps no sound at all."""
    speech: bool = True
    """Whether an event says that somebody spoke, and how long."""
    alarms: bool = True
    """Whether beepers are told: smoke, carbon monoxide and others."""
    experimental: tuple[Literal["siren", "ring", "knock", "hum"], ...] = ()
    """Sounds told as well, though no recording of the real thing was found to judge them by."""
    refractory_s: Annotated[float, Meta(ge=1)] = 60.0
    """Seconds between two events about one sound that goes on."""
    sure: Annotated[float, Meta(gt=0, lt=1)] = 0.6
    """Probability below which nothing is told."""
