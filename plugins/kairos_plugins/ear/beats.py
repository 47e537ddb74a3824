"""Any beeper that is no alarm: a band whose loudness comes back in a time of its own, and a tone whenever it does.

A song's beat repeats too, and a siren is a tone too; a beeper is both at once. The bands that go along with the tone
say when it is on, folded on the period they repeat best at; the tone must be there then and not in between.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.rhythm import REPEATS, STEPS, Bands, flattened, likely, repetition

NEEDED: Final = 12 * STEPS
_SHORTEST: Final = 8
_LONGEST: Final = 220
"""Steps of a period: 0.16 to 4.4 s."""
_SHARE: Final = 0.25
"""Of the time a beeper is at least on, about."""
_LOOKED_AT: Final = 2
"""Bands: those that go along with the tone best."""
_FIRST: Final = 0.93
"""Of the best repetition, from which the shortest period is taken: its multiples repeat as well."""
_LEAST_TONE: Final = 0.1
"""Without so much more tone now than then, nothing is looked for."""
_LOUD: Final = 95
_ASKED: Final = 10
_DOUBTS: Final = 2
"""Answers that decide together, and how many of them may say no: music beeps for a while."""
_EVEN: Final = 1.1
_SLOPE: Final = 0.1
_TIES: Final = 1e-3


class Beats:
    """Answers of one listening."""

    def __init__(self) -> None:
        self._answers: deque[float] = deque(maxlen=_ASKED)

    def ask(self, bands: Bands, tone: NDArray[np.float32]) -> float:
        """Loudness [NEEDED, BANDS] and probability of a tone [NEEDED], newest last: how sure it is that something beeps, asked evenly."""
        self._answers.append(_fit(bands, tone))
        if len(self._answers) < _ASKED:
            return 0.0
        return likely(sorted(self._answers)[_DOUBTS], _EVEN, _SLOPE)


def _fit(bands: Bands, tone: NDArray[np.float32]) -> float:
    """How on-and-off the best band is (a correlation), and how much more tone there is when it is on; 0 without any tone."""
    if np.percentile(tone, _LOUD) - np.percentile(tone, 100 - _LOUD) < _LEAST_TONE:
        return 0.0
    along = (tone - tone.mean()) @ (bands - bands.mean(axis=0)) / np.maximum(bands.std(axis=0), _TIES)
    heard, best = flattened(bands[:, np.argsort(-along)[:_LOOKED_AT]], _SHARE), 0.0
    for band, period in _periods(heard):
        cycles = NEEDED // period
        window = heard[band, -cycles * period :]
        fold = window.reshape(cycles, period).mean(axis=0)
        on = fold > (fold.max() + fold.min()) / 2
        if on.all():
            continue
        mask = np.tile(on, cycles)
        likeness = float(np.mean((window - window.mean()) * (mask - mask.mean())) / max(float(window.std() * mask.std()), _TIES))
        folded = tone[-cycles * period :].reshape(cycles, period)
        best = max(best, likeness + float(folded[:, on].mean() - folded[:, ~on].mean()))
    return best


def _periods(heard: Bands) -> list[tuple[int, int]]:
    """Bands that repeat, each with the shortest period it repeats well at."""
    found = repetition(heard, _SHORTEST, _LONGEST)
    inner = found[:, 1:-1]
    peaks = np.where((inner >= found[:, :-2]) & (inner >= found[:, 2:]), inner, 0.0)
    tops = peaks.max(axis=1)
    return [(band, _SHORTEST + 1 + int(np.flatnonzero(peaks[band] >= _FIRST * top)[0])) for band, top in enumerate(tops) if top >= REPEATS]
