"""A machine begins, ends, or runs otherwise: one part of what goes on all the time changes against the rest, and stays.

It looks at the floors the frontend keeps of each band, not at what happens over them.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.experimental.detector import Now
from kairos_plugins.ear.filters import BANDS, OCTAVE, centres
from kairos_plugins.ear.frontend import FRAMES_A_SECOND, floors
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.rhythm import likely

_BEFORE: Final = 30
_BETWEEN: Final = 10
_AFTER: Final = 15
"""Seconds before a change, in which it happens, and after it."""
_WANDERS: Final = 2.0
"""Deviations by which a band may go up and down anyhow."""
_EVEN: Final = 2.5
"""In 3 dB: over its wandering, at which a change is as likely as not."""
_SLOPE: Final = 0.25


class Hum:
    """See the module."""

    def __init__(self) -> None:
        self._sum, self._count = np.zeros(BANDS), 0
        self._seconds = deque[NDArray[np.float64]](maxlen=_BEFORE + _BETWEEN + _AFTER)

    def feed(self, frame: Frame) -> Now | None:
        """One frame; an answer each second, once there is a past to compare with."""
        self._sum += floors(frame.features)
        self._count += 1
        if self._count % FRAMES_A_SECOND:
            return None
        self._seconds.append(self._sum / (FRAMES_A_SECOND * OCTAVE))
        self._sum = np.zeros(BANDS)
        return _fit(np.stack(self._seconds)) if len(self._seconds) == self._seconds.maxlen else None


def _fit(floors: NDArray[np.float64]) -> Now:
    """Of seconds [BEFORE + BETWEEN + AFTER, BANDS], in 3 dB: what changed most beyond its wandering."""
    before, after = floors[:_BEFORE], floors[-_AFTER:]
    change = np.median(after, axis=0) - np.median(before, axis=0)
    beyond = np.abs(change) - _WANDERS * (before.std(axis=0) + after.std(axis=0))
    band = int(beyond.argmax())
    did = "began" if change[band] > 0 else "ended"
    return Now(likely(float(beyond[band]), _EVEN, _SLOPE), f"a hum around {round(centres()[band], -1):.0f} Hz {did}")
