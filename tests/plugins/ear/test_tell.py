"""What is told, and how often: one line when certain, one now and then, one at the end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.tell import Teller
from kairos_plugins.ear.training import alarms


def _told(plan, seconds, *, speech=(), **settings):
    """Texts with the second they were told at, of pulses and of stretches of speech."""
    cells, voice, place = np.zeros(seconds * 100), np.zeros(seconds * 100), 100.0
    for on, off in plan:
        cells[int(place) : round(place + on * 100)] = 0.95
        place += (on + off) * 100
    for start, end in speech:
        voice[start:end] = 0.9
    teller, found = Teller(EarSettings(**settings)), []
    for start in range(0, len(cells), 4):
        frame = Frame(voice[start : start + 4], cells[start : start + 4], np.zeros(640, np.int16))
        found += [(start / 100, news.text, news.urgent) for news in teller.feed(frame)]
    return found


def test_an_alarm_is_told_again_after_the_refractory_time_and_once_when_it_ends():
    plan = alarms.t3(np.random.default_rng(2), 90)

    found = _told(plan, 120, refractory_s=30)

    starts = [at for at, text, urgent in found if "T3" in text and urgent]
    assert len(starts) >= 3
    assert all(29 < after - before < 32 for before, after in pairwise(starts))
    assert found[-1][1] == "the smoke alarm fell silent, microphone"
    assert not found[-1][2]


def test_speech_is_told_when_it_has_ended_with_its_length():
    assert [text for _, text, _ in _told([], 10, speech=[(200, 520)])] == ["speech for 3.2 s, p 0.90, microphone"]


def test_many_utterances_are_one_line_in_the_refractory_time():
    assert len(_told([], 60, speech=[(start, start + 100) for start in range(100, 5800, 300)], refractory_s=60)) == 1


def test_what_the_owner_does_not_want_is_not_told():
    teller = Teller(EarSettings(speech=False))
    talk = Frame(np.full(4, 0.9), np.zeros(4), np.zeros(640, np.int16))
    silence = Frame(np.zeros(4), np.zeros(4), np.zeros(640, np.int16))

    assert [news for frame in [talk] * 50 + [silence] * 50 for news in teller.feed(frame)] == []
    assert _told(alarms.t4(np.random.default_rng(2), 30), 40, alarms=False) == []
