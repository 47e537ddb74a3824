"""The loop: wait, judge what is due, settle, rest. Everything else in the daemon serves this page.

Backend-neutral on purpose (anyio only), so that an hour of beats is tested in virtual time.
What is deliberately not here: no catch-up of missed beats after a suspend or a stepped clock (the
next beat is one interval after the last, on the monotonic clock), and no parallel frames (one cache,
one frame at a time).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal

import anyio
import msgspec
from anyio.abc import TaskStatus

from kairos.config import HeartbeatSettings
from kairos.errors import FrameTooLong, RowsRefused, StoreUnavailable
from kairos.events import Decision, Frame, Group, Judgement, Priority, Tick, Verdict
from kairos.frame import frame_of
from kairos.logs import get_logger
from kairos.ports import DueEvents, IdleBook, Mind, Settling, TickListener

Cause = Literal["interval", "interrupt", "asked", "backlog"]
_STORE_REST_S: Final = 5.0
_FAILURES: Final = 3

log = get_logger("heartbeat")


class Heartbeat:
    """The daemon's pulse. `run` it once; `wake`, `tick_now`, `pause` and `resume` from the same loop."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        *,
        mind: Mind,
        inbox: DueEvents,
        settler: Settling,
        idle: IdleBook,
        listeners: list[TickListener],
        awake: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`awake` says whether background events are judged now (active hours)."""
        self.settings = settings
        self._mind = mind
        self._inbox = inbox
        self._settler = settler
        self._idle = idle
        self._listeners = listeners
        self._awake = awake
        self._clock = clock
        self._bell = anyio.Event()
        self._asked: Cause | None = None
        self.number = 0
        self.verdicts = 0
        self._failures = 0
        self.paused = False

    def wake(self) -> None:
        """An event of high priority waits: beat at once."""
        self._ring("interrupt")

    def tick_now(self) -> None:
        """A person asked for a beat."""
        self._ring("asked")

    def pause(self) -> None:
        """Stop judging; events are still taken and kept."""
        self.paused = True

    def resume(self) -> None:
        """Judge again, at once."""
        self.paused = False
        self._ring("asked")

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Beat until cancelled; started once the first beat is done."""
        cause: Cause = "interval"
        while True:
            started = anyio.current_time()
            self._bell, self._asked = anyio.Event(), None
            more = await self._beat(cause)
            task_status.started()
            task_status = anyio.TASK_STATUS_IGNORED
            cause = await self._rest(started, more=more)

    def _ring(self, cause: Cause) -> None:
        self._asked = cause
        self._bell.set()

    async def _rest(self, started: float, *, more: bool) -> Cause:
        """Sleep until the next beat is due; a backlog shortens it, a bell ends it."""
        delay = self.settings.catch_up_s if more else self.settings.interval_s
        deadline = started + delay if not more else anyio.current_time() + delay
        with anyio.move_on_at(deadline):
            await self._bell.wait()
        return self._asked or ("backlog" if more else "interval")

    async def _beat(self, cause: Cause) -> bool:
        """One tick; returns whether events that may be judged now still wait."""
        if self.paused:
            await self._mind.echo()
            return False
        started = anyio.current_time()
        decisions: list[Decision] = []
        idle_margin: float | None = None
        more = False
        try:
            for _ in range(self.settings.frames_per_tick):
                group = await self._next_group()
                if group is None:
                    break
                decisions.append(await self._decide(group, frame_of(group)))
            else:
                more = await self._next_group() is not None
            if not decisions and cause != "interrupt":
                idle_margin = await self._idle_frame(decisions)
        except StoreUnavailable:
            await self._mind.rewind()  # undecided; the store has said so itself
            await self._mind.echo()
            await anyio.sleep(_STORE_REST_S)
        self._finish(cause, started, decisions, idle_margin)
        return more

    async def _next_group(self) -> Group | None:
        """The inbox is read anew for every frame, so an interrupt waits for one frame at most."""
        least = Priority.BULK if self._awake() else Priority.INTERACTIVE
        groups = await self._inbox.due(1, least=least)
        return groups[0] if groups else None

    async def _decide(self, group: Group | None, frame: Frame) -> Decision:
        """Judge, make it true on disk, then move the cache."""
        judgement = await self._judge(frame)
        if judgement.read:
            frame = msgspec.structs.replace(frame, text=judgement.read)
        decision = await self._settler.settle(group, frame, judgement)
        self.verdicts += 1
        if decision.retained:
            await self._mind.commit()
            if dropped := await self._mind.trim():
                await self._settler.trimmed(dropped)
        else:
            await self._mind.rewind()
        _report(decision)
        return decision

    async def _judge(self, frame: Frame) -> Judgement:
        """One verdict. An event that breaks the mind is receipted as unjudged, not met again for ever.

        A mind that fails `_FAILURES` times in a row is broken itself: then the daemon ends, undecided,
        and whoever supervises it starts it anew.
        """
        try:
            judgement = await self._mind.judge(frame)
        except FrameTooLong as error:
            log.warning("frame.too_long", source=frame.source, reason=str(error))
            short = Frame(kind="text", source=frame.source, text="(too long to read)")
            judgement = msgspec.structs.replace(await self._mind.judge(short), reason=str(error))
        except RowsRefused as error:
            log.warning("frame.refused", source=frame.source, reason=str(error))
            return _unjudged(str(error))
        except Exception as error:
            self._failures += 1
            if self._failures >= _FAILURES:
                raise
            log.error("mind.failed", source=frame.source, error=repr(error), in_a_row=self._failures)
            await self._mind.rewind()
            return _unjudged(repr(error))
        self._failures = 0
        return judgement

    async def _idle_frame(self, decisions: list[Decision]) -> float:
        """The canonical frame of a quiet beat. Its NO_OP is counted, not written."""
        frame = Frame.idle()
        judgement = await self._judge(frame)
        await self._mind.rewind()
        if judgement.verdict is Verdict.NO_OP:
            self._idle.idle_beat(judgement.margin)
        else:
            decisions.append(await self._decide(None, frame))
        return judgement.margin

    def _finish(self, cause: Cause, started: float, decisions: list[Decision], idle_margin: float | None) -> None:
        self.number += 1
        tick = Tick(
            number=self.number, cause=cause, at=self._clock(), decisions=tuple(decisions), idle_margin=idle_margin,
            waiting=self._inbox.waiting, anchor=self._mind.anchor, ms=(anyio.current_time() - started) * 1000,
        )  # fmt: skip
        log.debug("tick", number=tick.number, cause=cause, decided=len(decisions), waiting=tick.waiting)
        for listener in self._listeners:
            listener(tick)


def _report(decision: Decision) -> None:
    """The one canonical line of an ACTION; a NO_OP is DEBUG."""
    if decision.verdict is Verdict.ACTION:
        log.info(
            "ACTION", receipt=decision.receipt, actuator=decision.actuator, what=decision.what,
            source=decision.source, count=decision.count, margin=round(decision.margin, 2), ms=round(decision.ms),
        )  # fmt: skip
    else:
        log.debug("NO_OP", receipt=decision.receipt, source=decision.source, margin=round(decision.margin, 2))


def _unjudged(why: str) -> Judgement:
    return Judgement(verdict=Verdict.NO_OP, margin=0.0, threshold=0.0, positions=0, ms=0.0, reason=f"not judged: {why}")
