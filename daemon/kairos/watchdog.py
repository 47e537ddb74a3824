"""Liveness is progress: the watchdog is fed from finished work on the model's thread, never from a timer alone.

Each ping first sends an echo through that thread; if the echo does not come back, no ping goes out
and systemd restarts us. A paused daemon, or one whose beats are all known, still echoes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from kairos.events import Tick
from kairos.logs import get_logger
from kairos.ports import Supervisor

_SHARE: Final = 3
_BEATS: Final = 30
_UNWATCHED_S: Final = 30.0

log = get_logger("watchdog")


class Watchdog:
    """Pings the supervisor a third of its patience apart, while the model's thread answers."""

    def __init__(self, supervisor: Supervisor, *, stall_s: float, interval_s: float) -> None:
        """Says so if the supervisor's patience is shorter than thirty beats or one stalled judgement."""
        self._supervisor = supervisor
        patience = supervisor.watchdog_s
        needed = max(_BEATS * interval_s, stall_s)
        if patience is not None and patience < needed:
            log.warning("watchdog.short", watchdog_s=patience, remedy=f"set WatchdogSec to {needed:g} or more")
        self._stall_s = stall_s
        self.last_tick = time.monotonic()
        self.stalled = False

    def tick(self, tick: Tick) -> None:
        """A beat is done."""
        del tick
        self.last_tick = time.monotonic()

    async def run(self, echo: Callable[[], Awaitable[None]]) -> None:
        """Feed the watchdog for the daemon's life."""
        patience = self._supervisor.watchdog_s
        pause = patience / _SHARE if patience else _UNWATCHED_S
        while True:
            with anyio.move_on_after(self._stall_s) as scope:
                await echo()
                self._supervisor.notify("WATCHDOG=1")
            if scope.cancelled_caught != self.stalled:
                self.stalled = scope.cancelled_caught
                if self.stalled:
                    log.error("mind.stalled", s=self._stall_s, remedy="a frame takes longer than mind.stall_s; see `kairos status`")
                else:
                    log.info("mind.moves_again")
            await anyio.sleep(pause)
