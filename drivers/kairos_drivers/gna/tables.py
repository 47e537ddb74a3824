"""Piecewise-linear tables: a straight line through the origin, its positive half, and any smooth function fitted between breakpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from kairos_drivers.gna.arithmetic import Pwl, activate
from kairos_drivers.gna.operations import GnaLimit

_LOW: Final = -(1 << 31)
_STEEPEST: Final = 32767
_SHIFTS: Final = (32, 24, 16, 8)


def relu(ratio: float) -> tuple[Pwl, float]:
    """`ratio` * x where x is positive, else 0; and the ratio it really has, since a slope is an integer."""
    slope, shift = _slope(ratio)
    return _table([_LOW, 0], [0, 0], [0.0, slope / (1 << shift)]), slope / (1 << shift)


def line(ratio: float) -> tuple[Pwl, float]:
    """`ratio` * x rounded down to a step, exactly 0 at 0, constant where it would leave int16; and the ratio it really has."""
    slope, shift = _slope(ratio)
    exact = slope / (1 << shift)
    low = max(_LOW, -(int(32768 / exact) // 4 * 4))
    return _table([low, 0], [(low * slope) >> shift, 0], [exact, exact]), exact


def fitted(function: Callable[[float], float], breakpoints: Sequence[int]) -> tuple[Pwl, float]:
    """`function` by straight lines between `breakpoints` (multiples of 4, the first the left end), constant left of them.

    Returns the table, and the largest error between its ends in steps of the output.
    """
    values = [function(x) for x in breakpoints]
    slopes = [(b - a) / (right - left) for (a, b), (left, right) in zip(pairwise(values), pairwise(breakpoints), strict=True)]
    pwl = _table([_LOW, *breakpoints[:-1]], [round(values[0]), *(round(v) for v in values[:-1])], [0.0, *slopes])
    probes = np.unique(np.concatenate([np.linspace(a, b - 1, 9).astype(np.int64) for a, b in pairwise(breakpoints)]))
    wanted = np.array([function(int(x)) for x in probes])
    return pwl, float(np.abs(activate(probes.astype(np.int32), pwl).values - wanted).max())


def log2(scale: float) -> tuple[Pwl, float]:
    """The logarithm of x from 4 up (below as at 4) times `scale`, four lines an octave; and its largest error."""
    octaves = [(1 << octave) + quarter * (1 << (octave - 2)) for octave in range(5, 31) for quarter in range(4)]
    return fitted(lambda x: scale * float(np.log2(max(x, 4))), [*range(4, 32, 4), *octaves, (1 << 31) - 4])


def _table(starts: Sequence[int], ordinates: Sequence[int], slopes: Sequence[float]) -> Pwl:
    """Segments that begin at `starts`, which lose their two low bits."""
    bases, integers = list[int](), list[int]()
    for start, slope in zip(starts, slopes, strict=True):
        integer, shift = _slope(slope)
        bases.append((start & ~3) | (shift // 8 - 1))
        integers.append(integer)
    return Pwl(np.array(bases, np.int32), np.array(ordinates, np.int16), np.array(integers, np.int16))


def _slope(slope: float) -> tuple[int, int]:
    """The nearest slope the chip has, as an integer and the bits it is shifted right by; raises `GnaLimit`."""
    for shift in _SHIFTS:
        integer = round(slope * (1 << shift))
        if abs(integer) <= _STEEPEST:
            return integer, shift
    if abs(slope) <= (_STEEPEST + 1) / 256:
        return int(np.sign(slope)) * _STEEPEST, 8
    raise GnaLimit("-", "slope", slope, f"at most {_STEEPEST / 256:.1f}")
