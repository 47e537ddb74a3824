"""The hook page: everything a plugin may answer. One sentence each; exact types; none is required.

Hooks may be plain functions (run in a thread) or coroutines (run on the event loop, must not block).
Wrappers are not honoured: each call is guarded on its own, so one plugin's failure is only its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import pluggy

from kairos.events import Decision, Outcome, Tick
from kairos.ports import Actuator, PluginContext, Request, Utterance

PROJECT = "kairos"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The specification."""

    @hookspec
    def kairos_actuators(self, context: PluginContext) -> list[Actuator]:
        """Called once before the mind opens; the actuators this plugin brings."""
        return []

    @hookspec
    def kairos_run(self, context: PluginContext) -> Awaitable[None] | None:
        """The plugin's own life: a coroutine that runs until cancelled; restarted with back-off when it raises."""

    @hookspec
    def kairos_tick(self, tick: Tick) -> Awaitable[None] | None:
        """Called after every beat."""

    @hookspec
    def kairos_action(self, decision: Decision) -> Awaitable[None] | None:
        """Called after every ACTION is on disk, before it is carried out or while it is."""

    @hookspec
    def kairos_outcome(self, outcome: Outcome) -> Awaitable[None] | None:
        """Called when an action was carried out, refused or suppressed."""

    @hookspec
    def kairos_utterance(self, utterance: Utterance) -> Awaitable[None] | None:
        """Called when the ear heard somebody speak, once they have stopped."""

    @hookspec
    def kairos_asked(self, request: Request) -> Awaitable[Mapping[str, Any]] | None:
        """Called when a client asks this plugin for something; returns the answer, or raises `KairosError` saying why there is none."""

    @hookspec
    def kairos_gauges(self, gauges: Mapping[str, float]) -> Awaitable[None] | None:
        """Called every ten seconds with the daemon's own numbers."""
