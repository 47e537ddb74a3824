"""What a person sees of a daemon in the foreground: one line per ACTION, one per stretch of quiet."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from kairos.events import Decision, Tick, Verdict

if TYPE_CHECKING:
    from kairos.boot import Daemon

_STRETCH_S: Final = 20.0
_WIDTH: Final = 60


class Screen:
    """Prints ticks as they end; keeps no more than the current stretch of quiet."""

    def __init__(self, daemon: Daemon) -> None:
        self._console = Console(file=sys.stdout, highlight=False)
        self._daemon = daemon
        self._quiet: list[float] = []
        self._silent: list[Decision] = []
        self._since = time.monotonic()
        self._beats = self._actions = 0

    def waking(self) -> None:
        """Before the model is there."""
        self._print(f"waking the mind ({self._daemon.settings.mind.model}); the first time takes half a minute", "dim")

    def awake(self) -> None:
        """After the first beat."""
        every, state = self._daemon.settings.heartbeat.interval_s, self._daemon.places.state
        self._print(f"awake: a beat every {every:g} s, state in {state}; Ctrl-C stops", "dim")

    def stopped(self) -> None:
        """After the last receipt."""
        self._flush()
        self._print(f"stopped after {self._beats} beats, {self._actions} ACTIONs; every decision has its receipt", "dim")

    def tick(self, tick: Tick) -> None:
        """One finished beat."""
        self._beats += 1
        for decision in tick.decisions:
            if decision.verdict is Verdict.ACTION:
                self._flush()
                self._actions += 1
                self._action(decision)
            else:
                self._silent.append(decision)
        if tick.idle_margin is not None:
            self._quiet.append(tick.idle_margin)
        if time.monotonic() - self._since >= _STRETCH_S:
            self._flush()

    def _action(self, decision: Decision) -> None:
        line = Text(time.strftime("%H:%M:%S "), style="dim")
        line.append("ACTION ", style="bold yellow")
        line.append(f"{decision.actuator}: {decision.what} ", style="bold")
        line.append(f"[{decision.source}: {_short(decision.text)}] margin {decision.margin:+.1f} receipt {decision.receipt}", style="dim")
        self._console.print(line, soft_wrap=True)

    def _flush(self) -> None:
        """The summary line of a stretch of quiet."""
        if not self._quiet and not self._silent:
            return
        margins = [*self._quiet, *(decision.margin for decision in self._silent)]
        events = sum(decision.count for decision in self._silent)
        self._print(
            f"NO_OP  {len(self._quiet)} idle beats, {events} events in {len(self._silent)} groups needed nobody; "
            f"highest margin {max(margins):+.1f}",
            "dim",
        )
        self._quiet, self._silent, self._since = [], [], time.monotonic()

    def _print(self, text: str, style: str) -> None:
        self._console.print(Text(time.strftime("%H:%M:%S ") + text, style=style), soft_wrap=True)


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
