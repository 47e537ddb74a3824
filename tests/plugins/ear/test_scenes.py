"""Recordings to learn from: drawn by source, and played faster or slower where that is asked for."""

from __future__ import annotations

import numpy as np

from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.scenes import Sounds

TONE = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def _pitch(sound) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * RATE / len(sound))


def test_recordings_are_drawn_as_they_are():
    assert Sounds([[TONE]]).any(np.random.default_rng(1)) is TONE


def test_recordings_played_faster_are_shorter_and_higher_by_as_much():
    sounds, rng = Sounds([[TONE]], octaves=0.3), np.random.default_rng(1)

    drawn = [sounds.any(rng) for _ in range(20)]

    for sound in drawn:
        assert abs(np.log2(_pitch(sound) / 440) + np.log2(len(sound) / RATE)) < 0.02
    assert max(abs(np.log2(len(sound) / RATE)) for sound in drawn) <= 0.3
    assert len({len(sound) for sound in drawn}) > 10
