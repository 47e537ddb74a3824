"""A telephone or a doorbell: bursts of a tone that trembles 12 to 35 times a second, with silence between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.experimental.detector import Now
from kairos_plugins.ear.filters import HOPS, OCTAVE, centres
from kairos_plugins.ear.frontend import CELLS_A_SECOND, FRAMES_A_SECOND
from kairos_plugins.ear.hearing import Frame
from kairos_plugins.ear.rhythm import Bands, View, likely

_NEEDED: Final = 12 * CELLS_A_SECOND
_LOOKED_AT: Final = 4
_SMOOTH: Final = 15
"""Cells that level the trembling out."""
_SHORTEST, _LONGEST = 38, 300
"""Cells of a burst."""
_LOUD: Final = 3 * OCTAVE
"""A burst stands out so far, 9 dB."""
_SLOW, _LOW, _HIGH = 3, 12, 35
"""Hertz: what is slower is no trembling, and where trembling lies."""
_LOWEST_HZ: Final = 400
"""Bells and ringers lie above."""
_DEEP: Final = 0.4 * OCTAVE
"""Deviation of what trembles, 1.2 dB: in a tone that only stays there is always something purest."""
_WIDTH: Final = 2
"""Bins to each side that one trembling fills."""
_LENGTHS: Final = 0.2
_RATES: Final = 1.5
"""How far two bursts may be apart in length, relative, and in trembling, in hertz."""
_EVEN: Final = 0.45
_SLOPE: Final = 0.05


class Ring:
    """See the module."""

    def __init__(self) -> None:
        self._heard = View(_NEEDED, a_frame=HOPS)
        self._count = 0

    def feed(self, frame: Frame) -> Now | None:
        """One frame."""
        self._heard.feed(frame.bands)
        self._count += 1
        return None if self._count % FRAMES_A_SECOND else Now(_fit(self._heard.last(_NEEDED)), "ringing")


def _fit(heard: Bands) -> float:
    """Probability from [NEEDED, BANDS], newest last: how purely the two bursts tremble that are most alike, in its second best band."""
    spans = np.where(centres() >= _LOWEST_HZ, np.percentile(heard, 90, axis=0) - np.percentile(heard, 20, axis=0), 0.0)
    found = [0.0, 0.0]
    for band in np.argsort(-spans)[:_LOOKED_AT]:
        if spans[band] < _LOUD:
            break
        bursts = [(len(burst), *_trembling(burst)) for burst in _bursts(heard[:, band])]
        found.append(max((_alike(one, other) for one, other in combinations(bursts, 2)), default=0.0))
    return likely(sorted(found)[-2], _EVEN, _SLOPE)


def _bursts(loud: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Stretches over the middle between its loud and its quiet parts, without those the view cuts."""
    level = np.convolve(loud, np.ones(_SMOOTH) / _SMOOTH, mode="same")
    loudest, quiet = level.max(), np.percentile(level, 20)
    if loudest - quiet < _LOUD:
        return
    on = np.concatenate([[False], level > (loudest + quiet) / 2, [False]])
    edges = np.flatnonzero(np.diff(on.astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if _SHORTEST <= end - start <= _LONGEST and start > 0 and end < len(loud):
            yield loud[start + _SMOOTH // 2 : end - _SMOOTH // 2]


def _alike(one: tuple[int, float, float], other: tuple[int, float, float]) -> float:
    """The less pure of two bursts (cells, hertz, purity), 0 if they are not of one length and one trembling."""
    same = abs(one[0] - other[0]) <= _LENGTHS * max(one[0], other[0]) and abs(one[1] - other[1]) <= _RATES
    return min(one[2], other[2]) if same else 0.0


def _trembling(burst: NDArray[np.float32]) -> tuple[float, float]:
    """Hertz of its loudest trembling, and the share of that, over what noise would have, in all that moves faster than syllables."""
    if burst.std() < _DEEP:
        return 0.0, 0.0
    power = np.abs(np.fft.rfft((burst - burst.mean()) * np.hanning(len(burst)))) ** 2
    hertz = np.fft.rfftfreq(len(burst), 1 / CELLS_A_SECOND)
    inside = np.where((hertz >= _LOW) & (hertz <= _HIGH), power, 0.0)
    top = int(inside.argmax())
    near, moves = abs(np.arange(len(power)) - top) <= _WIDTH, hertz >= _SLOW
    share, chance = power[near & moves].sum() / max(power[moves].sum(), 1e-9), near.sum() / moves.sum()
    return float(hertz[top]), float((share - chance) / (1 - chance))
