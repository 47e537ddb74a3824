"""Whether the ear may hear just now: a person's word first, then push to talk, then the hours of the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from kairos.api import within
from kairos_plugins.ear.config import EarSettings

FOR_EVER = float("inf")


class Switch:
    """One ear's. Times are seconds since the epoch; set on one thread, read on another."""

    def __init__(self, settings: EarSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._clock = settings, clock
        self._muted_until = self._open_until = self._talk_until = 0.0

    def mute(self, seconds: float) -> None:
        """Hear nothing for so long, `FOR_EVER` included."""
        self._muted_until, self._open_until, self._talk_until = self._clock() + seconds, 0.0, 0.0

    def unmute(self) -> None:
        """Hear again, whatever the hours of the settings say, until they next end or the daemon does."""
        self._muted_until, self._open_until = 0.0, FOR_EVER

    def talk(self, seconds: float) -> None:
        """Hear for so long, muted or not."""
        self._talk_until = self._clock() + seconds

    @property
    def closed(self) -> str:
        """Why nothing is heard now; empty when it is."""
        now, hours = self._clock(), self._settings.mute_hours
        if now < self._talk_until:
            return ""
        if now < self._muted_until:
            return "muted by `kairos ear mute`"
        quiet = bool(hours) and within(hours, datetime.fromtimestamp(now).astimezone())
        if not quiet and not self._settings.push_to_talk:
            self._open_until = 0.0  # the hours are over: their next beginning counts again
        if now < self._open_until:
            return ""
        if self._settings.push_to_talk:
            return "waiting for `kairos ear talk`"
        return "muted by plugin.ear.mute_hours" if quiet else ""
