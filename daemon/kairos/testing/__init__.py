"""Fakes for every port, and a whole daemon with a mind of twenty lines. For tests, yours too."""

from __future__ import annotations

from kairos.testing.fakes import FakeActuator, FakeInbox, FakeMind, FakeSettler, event, group
from kairos.testing.harness import LivingDaemon, living_daemon

__all__ = ["FakeActuator", "FakeInbox", "FakeMind", "FakeSettler", "LivingDaemon", "event", "group", "living_daemon"]
