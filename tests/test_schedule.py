"""Active hours, reminders, and noticing that somebody is silent."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kairos.config import Expectation, HeartbeatSettings, Reminder
from kairos.errors import SettingsError
from kairos.schedule import Absence, Schedule, is_awake

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("hours", "clock", "awake"),
    [
        ("", "03:00", True),
        ("07:00-23:00", "07:00", True),
        ("07:00-23:00", "06:59", False),
        ("07:00-23:00", "23:00", False),
        ("22:00-06:00", "23:30", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "12:00", False),
        ("00:00-00:00", "12:00", False),
    ],
)
def test_active_hours_are_local_and_may_cross_midnight(hours, clock, awake):
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 3, 29, hour, minute, tzinfo=VIENNA).timestamp()

    assert is_awake(HeartbeatSettings(active_hours=hours, timezone="Europe/Vienna"), now) == awake


def test_silence_is_said_once_per_span_and_ends_when_the_source_speaks():
    absence = Absence([Expectation(source="nas", within_s=60)], {}, now=0.0)

    assert absence.news(59) == []
    (event,) = absence.news(61)
    assert event.text == "nas has been silent for 61 s, expected every 60 s"
    assert absence.news(90) == []
    assert len(absence.news(122)) == 1
    absence.heard("nas", 130)
    assert [event.text for event in absence.news(180)] == ["nas speaks again after 2 min of silence"]
    assert len(absence.news(191)) == 1


def test_a_source_that_spoke_before_the_restart_is_remembered():
    assert Absence([Expectation(source="nas", within_s=60)], {"nas": -100.0}, now=0.0).news(1)


@pytest.mark.anyio
async def test_a_bad_reminder_is_refused_by_name():
    schedule = Schedule(HeartbeatSettings())
    with pytest.raises(SettingsError, match=r"remind\[0\]\.cron"):
        schedule.remind([Reminder(cron="every day", text="x")], None)


def test_a_source_that_speaks_again_is_news_once():
    absence = Absence([Expectation(source="nas", within_s=60)], {}, now=0.0)
    absence.news(100)
    absence.heard("nas", 400)

    (event,) = absence.news(401)
    assert event.text == "nas speaks again after 7 min of silence"
    assert absence.news(402) == []
    absence.heard("nas", 420)
    assert absence.news(421) == []
