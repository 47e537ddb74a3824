"""Only what changed enough, for long enough, is news."""

from __future__ import annotations

from kairos_plugins.sysmon.change import ChangeDetector
from kairos_plugins.sysmon.config import SysmonSettings


def _told(values, **settings):
    detector = ChangeDetector(SysmonSettings(**{"settle": 2, **settings}))
    return [detector.news({"cpu_percent": value}) for value in values]


def test_the_first_look_is_not_news():
    assert _told([50]) == [{}]


def test_a_change_that_stays_is_told_once():
    assert _told([50, 95, 95, 95]) == [{}, {}, {"cpu_percent": 95}, {}]


def test_a_short_peak_is_not_told():
    assert _told([50, 95, 50, 95, 50]) == [{}] * 5


def test_noise_below_the_step_is_not_told():
    assert _told([50, 55, 58, 52, 56]) == [{}] * 5


def test_coming_back_is_told_too():
    assert _told([50, 95, 95, 50, 50])[-1] == {"cpu_percent": 50}


def test_other_numbers_move_by_ratio():
    detector = ChangeDetector(SysmonSettings(settle=1))
    detector.news({"processes": 200})

    assert detector.news({"processes": 240}) == {}
    assert detector.news({"processes": 260}) == {"processes": 260}


def test_ignored_metrics_are_never_told():
    assert _told([50, 95, 95], ignore=("cpu",)) == [{}] * 3
