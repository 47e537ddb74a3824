"""A siren: one loud tone whose pitch goes up and down, or to and fro, again and again in the same time."""

from __future__ import annotations

from typing import Final

import numpy as np

from kairos_plugins.ear.experimental.detector import Now
from kairos_plugins.ear.filters import OCTAVE
from kairos_plugins.ear.frontend import FRAMES_A_SECOND
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.rhythm import STEPS, Bands, View, likely, repetition

_NEEDED: Final = 10 * STEPS
_SHORTEST, _LONGEST = 10, 250
"""Steps of one rise and fall: 0.2 to 5 s."""
_ABOVE: Final = 4 * OCTAVE
"""12 dB over the middle band is a tone."""
_TONAL: Final = 0.6
"""Of the time there is one."""
_MOVES: Final = 3.0
"""Bands it goes through at least."""
_AWAY: Final = 0.3
"""Likeness to itself that it falls under before it comes back: what only stays is no siren."""
_EVEN: Final = 0.7
_SLOPE: Final = 0.05


class Siren:
    """See the module."""

    def __init__(self) -> None:
        self._bands = View(_NEEDED)
        self._count = 0

    def feed(self, frame: Frame) -> Now | None:
        """One frame."""
        self._bands.feed(frame.bands)
        self._count += 1
        return None if self._count % FRAMES_A_SECOND else Now(_fit(self._bands.last(_NEEDED)), "a siren")


def _fit(bands: Bands) -> float:
    """Probability from [NEEDED, BANDS]."""
    best = bands.argmax(axis=1)
    tonal = bands.max(axis=1) - np.median(bands, axis=1) > _ABOVE
    if tonal.mean() < _TONAL:
        return 0.0
    steps = np.arange(len(best))
    pitch = np.interp(steps, steps[tonal], best[tonal]).astype(np.float32)
    if np.subtract(*np.percentile(pitch, (90, 10))) < _MOVES:
        return 0.0
    found = repetition(pitch[None], _SHORTEST, _LONGEST)[0]
    away = np.flatnonzero(found < _AWAY)
    if not len(away):
        return 0.0
    return likely(float(found[away[0] :].max()) * float(tonal.mean()) ** 0.5, _EVEN, _SLOPE)
