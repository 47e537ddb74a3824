"""Hygiene: every reason for not saying a thing, and that nothing else is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kairos.act.hygiene import Said, why_not
from kairos.config import ActSettings, Inhibition, Silence

NIGHT, NOON = (datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (2, 12))
DOWN = Said(action=7, source="router", what="the router is down; check it.", age_s=60)


def _why(*, when=NOON, source="nas", what="the backup of nas failed; run it again.", recent=(), since=None, insists=False, **settings):
    return why_not(ActSettings(**settings), source=source, what=what, when=when, recent=recent, since_same_s=since, insists=insists)


def test_news_is_told():
    assert _why() == ""


@pytest.mark.parametrize(
    ("silence", "when", "hushed"),
    [
        ({"source": "nas"}, NOON, True),
        ({"source": "n*"}, NOON, True),
        ({"source": "atlas"}, NOON, False),
        ({"says": "*BACKUP*"}, NOON, True),
        ({"says": "*disk*"}, NOON, False),
        ({"hours": "22:00-07:00"}, NIGHT, True),
        ({"hours": "22:00-07:00"}, NOON, False),
        ({"until": "2026-11-22 11:59"}, NOON, False),
        ({"until": "2026-11-22 12:01"}, NOON, True),
        ({"until": "2026-12-24"}, NOON, True),
    ],
)
def test_a_silence_covers_its_sources_words_hours_and_days(silence, when, hushed):
    assert bool(_why(when=when, silence=(Silence(**silence),))) is hushed


def test_a_silence_says_which_and_why():
    assert _why(silence=(Silence(source="x"), Silence(why="works until Friday"))) == "act.silence[1]: works until Friday"


@pytest.mark.parametrize(
    ("inhibition", "hushed"),
    [
        ({"cause": "router", "mutes": "*"}, True),
        ({"cause": "router", "says": "*down*", "mutes": "n*"}, True),
        ({"cause": "router", "says": "*slow*", "mutes": "*"}, False),
        ({"cause": "switch", "mutes": "*"}, False),
        ({"cause": "router", "mutes": "web*"}, False),
        ({"cause": "router", "mutes": "*", "within_s": 59.0}, False),
    ],
)
def test_a_known_cause_mutes_its_consequences_for_a_while(inhibition, hushed):
    found = _why(recent=[DOWN], inhibit=(Inhibition(**inhibition),))

    assert bool(found) is hushed
    assert not hushed or "action 7 of router" in found


def test_a_cause_does_not_mute_itself():
    assert _why(source="router", recent=[DOWN], inhibit=(Inhibition(cause="*", mutes="*"),)) == ""


@pytest.mark.parametrize(("since", "cool_down", "hushed"), [(None, 900, False), (899, 900, True), (901, 900, False), (0, 0, False)])
def test_the_same_is_not_said_again_within_the_repeat_interval(since, cool_down, hushed):
    assert bool(_why(since=since, cool_down_s=cool_down)) is hushed


def test_a_recovery_is_no_repeat_but_a_silence_holds_for_it_too():
    assert _why(since=1, insists=True) == ""
    assert _why(since=1, insists=True, silence=(Silence(),)) != ""
