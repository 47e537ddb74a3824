"""Pulses as the ear's first stages hand them over, without a sound being made."""

from __future__ import annotations

import numpy as np
import pytest

from kairos_plugins.ear.filters import BANDS, OCTAVE


def _sound_of(plan, seconds, *, tone=0.9, decibels=25.0, begins=1.0, seed=1):
    """Probabilities of a tone [cells] and loudness [cells, BANDS] of pulses in a room that is never quite still."""
    cells, rng = np.zeros(int(seconds * 100)), np.random.default_rng(seed)
    place = begins * 100
    for on, off in plan:
        cells[int(place) : round(place + on * 100)] = 1.0
        place += (on + off) * 100
    bands = rng.normal(0, OCTAVE, (len(cells), BANDS))
    for band in (28, 36):
        bands[:, band] = np.maximum(bands[:, band], cells * decibels / 3.01 * OCTAVE)
    return cells * tone, bands.astype(np.int16)


@pytest.fixture(scope="session")
def sound_of():
    return _sound_of
