"""Who decides whether the ear hears: a person, then push to talk, then the hours."""

from __future__ import annotations

from datetime import datetime

import pytest

from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.switch import FOR_EVER, Switch

NIGHT, DAY = datetime(2026, 3, 4, 2, 0).astimezone().timestamp(), datetime(2026, 3, 4, 12, 0).astimezone().timestamp()


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def _switch(now=DAY, **settings):
    clock = Clock(now)
    return Switch(EarSettings(**settings), clock), clock


def test_it_is_open_unless_somebody_said_otherwise():
    switch, _ = _switch()

    assert switch.closed == ""


@pytest.mark.parametrize(("seconds", "later", "open_"), [(60.0, 59.0, False), (60.0, 61.0, True), (FOR_EVER, 1e9, False)])
def test_muted_for_a_while_or_for_good(seconds, later, open_):
    switch, clock = _switch()
    switch.mute(seconds)
    clock.now += later

    assert (switch.closed == "") == open_


def test_pushed_to_talk_it_hears_for_a_while_though_muted():
    switch, clock = _switch(NIGHT, mute_hours="22:00-07:00")
    switch.mute(FOR_EVER)
    switch.talk(10)

    assert switch.closed == ""
    clock.now += 11
    assert "kairos ear mute" in switch.closed


def test_in_push_to_talk_it_waits_to_be_pushed():
    switch, clock = _switch(push_to_talk=True)

    assert "kairos ear talk" in switch.closed
    switch.talk(5)
    assert switch.closed == ""
    clock.now += 6
    assert "kairos ear talk" in switch.closed


def test_muting_ends_what_was_pushed():
    switch, _ = _switch()
    switch.talk(60)
    switch.mute(60)

    assert switch.closed != ""


def test_a_person_who_unmutes_at_night_is_heard_until_morning_and_the_next_night_counts_again():
    switch, clock = _switch(NIGHT, mute_hours="22:00-07:00")
    assert "mute_hours" in switch.closed

    switch.unmute()
    assert switch.closed == ""
    clock.now = DAY
    assert switch.closed == ""
    clock.now = NIGHT + 86_400
    assert "mute_hours" in switch.closed
