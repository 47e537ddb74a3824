"""Calendar work, by APScheduler 3 behind a small door: reminders, expectations, flushes, active hours.

The heartbeat itself is not a scheduled job: it must not fire late, twice, or in a burst after a
suspend. The settings used here (`misfire_grace_time=None`, `coalesce`, one instance) run a missed
job once, instead of the library's default of silently skipping it after one second.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from kairos.config import Expectation, HeartbeatSettings, Reminder, within
from kairos.errors import SettingsError
from kairos.events import Event, Priority
from kairos.logs import get_logger

_CHECK_S: Final = 5.0

log = get_logger("schedule")


def zone(settings: HeartbeatSettings) -> tzinfo | None:
    """The zone of active hours and reminders; None is the machine's."""
    return ZoneInfo(settings.timezone) if settings.timezone else None


def is_awake(settings: HeartbeatSettings, now: float) -> bool:
    """Whether `now` lies in the active hours."""
    return within(settings.active_hours, datetime.fromtimestamp(now, zone(settings)))


class Absence:
    """Notices that an expected source is silent, and that it speaks again."""

    def __init__(self, expectations: Sequence[Expectation], heard: Mapping[str, float], now: float) -> None:
        """`heard` is when each source last spoke; one never heard counts from `now`."""
        self._expectations = expectations
        self._heard = {e.source: heard.get(e.source, now) for e in expectations}
        self._said: dict[str, float] = {}
        self._back: list[Event] = []

    def heard(self, source: str, now: float) -> None:
        """`source` spoke."""
        if source not in self._heard:
            return
        if self._said.pop(source, None) is not None:
            silent = _span(now - self._heard[source])
            self._back.append(_event(f"back-{source}-{now:.3f}", now, f"{source} speaks again after {silent} of silence"))
        self._heard[source] = now

    def news(self, now: float) -> list[Event]:
        """One event for each source that is overdue, again after each further `within_s`, and one for each that came back."""
        events, self._back = self._back, []
        for expected in self._expectations:
            silent = now - self._heard[expected.source]
            since_said = now - self._said.get(expected.source, float("-inf"))
            if silent < expected.within_s or since_said < expected.within_s:
                continue
            self._said[expected.source] = now
            text = f"{expected.source} has been silent for {_span(silent)}, expected every {_span(expected.within_s)}"
            events.append(_event(f"absent-{expected.source}-{now:.3f}", now, text))
        return events


def _event(id_: str, now: float, text: str) -> Event:
    return Event(id=id_, source="kairos.expect", kind="text", priority=Priority.INTERACTIVE, at=now, text=text)


def _span(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


class Schedule:
    """Started in `boot`, stopped with it; jobs run on the event loop."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._zone = zone(settings)
        options: dict[str, Any] = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler: Any = AsyncIOScheduler(job_defaults=options, **({"timezone": self._zone} if self._zone else {}))
        self._scheduler.add_listener(_complain, EVENT_JOB_ERROR | EVENT_JOB_MISSED)

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._scheduler.shutdown(wait=False)

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], *, name: str) -> None:
        """Run `job` every `seconds`."""
        self._scheduler.add_job(job, "interval", seconds=seconds, name=name)

    def remind(self, reminders: Sequence[Reminder], tell: Callable[[Event], Awaitable[None]]) -> None:
        """Hand in each reminder's event at its time; raises `SettingsError` for a bad cron line."""
        for index, reminder in enumerate(reminders):
            try:
                trigger = CronTrigger.from_crontab(reminder.cron, timezone=self._zone)
            except ValueError as error:
                raise SettingsError(f"remind[{index}].cron", f"is {reminder.cron!r}: {error}", allowed="five crontab fields") from error

            async def job(reminder: Reminder = reminder) -> None:
                now = time.time()
                await tell(
                    Event(
                        id=f"remind-{reminder.source}-{now:.0f}-{reminder.text[:40]}", source=reminder.source, kind="text",
                        priority=Priority.INTERACTIVE, at=now, text=reminder.text,
                    )
                )  # fmt: skip

            self._scheduler.add_job(job, trigger, name=f"reminder {reminder.text[:40]}")

    def watch(self, absence: Absence, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Look every few seconds for sources that should have spoken."""

        async def job() -> None:
            for event in absence.news(time.time()):
                await tell(event)

        self.every(_CHECK_S, job, name="absence")


def _complain(event: Any) -> None:
    log.warning("schedule.trouble", job=event.job_id, error=str(getattr(event, "exception", "missed")))
