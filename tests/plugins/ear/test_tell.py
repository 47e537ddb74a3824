"""What is told, and how often: one line when certain, one now and then, one at the end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kairos_plugins.ear.config import EarSettings
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.tell import Teller
from kairos_plugins.ear.training import alarms

_NO_FEATURES = np.zeros(320, np.int16)
_STILL = np.zeros((4, 40), np.int16)


def _told(sound_of, plan, seconds, *, speech=(), **settings):
    """Texts with the second they were told at, of pulses and of stretches of speech."""
    (tone, bands), voice = sound_of(plan, seconds, tone=0.95), np.zeros(seconds * 100)
    for start, end in speech:
        voice[start:end] = 0.9
    teller, found = Teller(EarSettings(**settings)), []
    for start in range(0, len(tone), 4):
        frame = Frame(voice[start : start + 4], tone[start : start + 4], bands[start : start + 4], _NO_FEATURES)
        found += [(start / 100, news.text, news.urgent) for news in teller.feed(frame)]
    return found


def test_an_alarm_is_told_again_after_the_refractory_time_and_once_when_it_ends(sound_of):
    plan = alarms.t3(np.random.default_rng(2), 90)

    found = _told(sound_of, plan, 120, refractory_s=30)

    starts = [at for at, text, urgent in found if "T3" in text and urgent]
    assert len(starts) >= 3
    assert all(29 < after - before < 32 for before, after in pairwise(starts))
    assert found[-1][1] == "the smoke alarm fell silent, microphone"
    assert not found[-1][2]


def test_speech_is_told_when_it_has_ended_with_its_length(sound_of):
    assert [text for _, text, _ in _told(sound_of, [], 10, speech=[(200, 520)])] == ["speech for 3.2 s, p 0.90, microphone"]


def test_many_utterances_are_one_line_in_the_refractory_time(sound_of):
    assert len(_told(sound_of, [], 60, speech=[(start, start + 100) for start in range(100, 5800, 300)], refractory_s=60)) == 1


def test_what_the_owner_does_not_want_is_not_told(sound_of):
    teller = Teller(EarSettings(speech=False))
    talk = Frame(np.full(4, 0.9), np.zeros(4), _STILL, _NO_FEATURES)
    silence = Frame(np.zeros(4), np.zeros(4), _STILL, _NO_FEATURES)

    assert [news for frame in [talk] * 50 + [silence] * 50 for news in teller.feed(frame)] == []
    assert _told(sound_of, alarms.t4(np.random.default_rng(2), 30), 40, alarms=False) == []


def test_what_is_spoken_while_the_daemon_makes_a_noise_is_not_told():
    talk, silence = (Frame(np.full(4, loud), np.zeros(4), _STILL, _NO_FEATURES) for loud in (0.9, 0.0))

    def told(own):
        teller = Teller(EarSettings())
        frames = [(talk, place in own) for place in range(50)] + [(silence, False)] * 50
        return [news.text for frame, ours in frames for news in teller.feed(frame, own=ours)]

    assert len(told(())) == 1
    assert told(range(10, 20)) == []
