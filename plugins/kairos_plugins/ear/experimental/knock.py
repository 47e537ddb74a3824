"""Somebody knocks: three to eight short thuds in all bands at once, evenly, then quiet."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.experimental.detector import Now
from kairos_plugins.ear.filters import OCTAVE
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.rhythm import likely

_BEFORE: Final = 3
"""Cells a thud needs to rise."""
_RISE: Final = 2.5 * OCTAVE
_BROAD: Final = 0.6
"""Of the bands rise with it."""
_BAND_RISE: Final = OCTAVE
_DEAD: Final = 10
"""Cells in which one thud is one."""
_GONE: Final = 0.6
"""Of a thud's rise is lost again by then."""
_QUIET: Final = 60
"""Cells of quiet that end a knocking."""
_FEWEST, _MOST = 3, 8
_CLOSEST, _FARTHEST = 12, 50
"""Cells between two."""
_EVEN: Final = -0.17
"""Deviation of the distances over their mean, and of the loudness in 12 dB, at which it is as likely as not."""
_SLOPE: Final = 0.02
_ALIKE: Final = 4 * OCTAVE


class Knock:
    """See the module."""

    def __init__(self) -> None:
        self._last = list[NDArray[np.float64]]()
        self._thuds = list[tuple[int, float]]()
        self._rising: tuple[int, float, float] | None = None
        self._now = 0

    def feed(self, frame: Frame) -> Now | None:
        """One frame; an answer when a knocking has ended."""
        for cell in frame.bands.astype(np.float64):
            self._step(cell)
        if not self._thuds or self._now - self._thuds[-1][0] < _QUIET:
            return None
        thuds, self._thuds = self._thuds, []
        return Now(_fit(thuds), f"{len(thuds)} knocks")

    def _step(self, cell: NDArray[np.float64]) -> None:
        self._now += 1
        self._last = [*self._last[-_BEFORE:], cell]
        if self._rising is not None:
            at, foot, top = self._rising
            top = max(top, float(cell.mean()))
            self._rising = at, foot, top
            if self._now - at >= _DEAD:
                if float(cell.mean()) < top - _GONE * (top - foot):
                    self._thuds.append((at, top))
                self._rising = None
            return
        before = np.min(self._last[:-1], axis=0) if len(self._last) > 1 else cell
        rise = cell - before
        if rise.mean() > _RISE and (rise > _BAND_RISE).mean() > _BROAD:
            self._rising = self._now, float(before.mean()), float(cell.mean())


def _fit(thuds: list[tuple[int, float]]) -> float:
    """Probability that these, at so many cells and so loud, are a knocking."""
    apart = np.diff([at for at, _ in thuds])
    if not _FEWEST <= len(thuds) <= _MOST or apart.min() < _CLOSEST or apart.max() > _FARTHEST:
        return 0.0
    uneven = float(apart.std() / apart.mean()) + float(np.std([top for _, top in thuds])) / _ALIKE
    return likely(-uneven, _EVEN, _SLOPE)
