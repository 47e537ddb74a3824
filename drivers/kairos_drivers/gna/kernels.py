"""The same operations compiled, for one frame at a time: where frames are small, numpy's own overhead is most of the time.

Sums are kept in int32 where a bound on the weights proves that they fit, which the processor does sixteen
at a time, and in int64 elsewhere. Everything is held equal to `arithmetic` by tests.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from typing import Final

import numba
import numpy as np

_LOW: Final = -(1 << 31)
_HIGH: Final = (1 << 31) - 1


def _compiled(function):
    """Kept on disk between starts where a folder can be written (`NUMBA_CACHE_DIR`), compiled anew at each start elsewhere."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


@_compiled
def narrow(x, weights, bias, stride, out):
    """[M, K] int16 weights over [P, K] windows of flat int16 x, `stride` apart, into int32 `out` [P * M]; the bound holds."""
    count, width = weights.shape
    place = 0
    for start in range(0, x.shape[0] - width + 1, stride):
        window = x[start : start + width]  # an index that cannot be negative is what lets the loop become vectors
        for m in range(count):
            total = np.int32(0)
            for k in range(width):
                total = np.int32(total + np.int32(weights[m, k]) * np.int32(window[k]))
            out[place] = np.int32(total + bias[m])
            place += 1
    return False


@_compiled
def wide(x, weights, bias, stride, out):
    """As `narrow`, with saturation at the end of each sum; returns whether any saturated."""
    count, width = weights.shape
    place, saturated = 0, False
    for start in range(0, x.shape[0] - width + 1, stride):
        for m in range(count):
            total = np.int64(bias[m])
            for k in range(width):
                total += np.int64(weights[m, k]) * np.int64(x[start + k])
            if total > _HIGH or total < _LOW:
                total, saturated = min(max(total, _LOW), _HIGH), True
            out[place] = total
            place += 1
    return saturated


@_compiled
def diagonal(x, weights, bias, out):
    """Element-wise; returns whether any saturated."""
    saturated = False
    for k in range(x.shape[0]):
        total = np.int64(bias[k]) + np.int64(weights[k]) * np.int64(x[k])
        if total > _HIGH or total < _LOW:
            total, saturated = min(max(total, _LOW), _HIGH), True
        out[k] = total
    return saturated


@_compiled
def activate(x, starts, y_base, slope, shifts, out):
    """The piecewise-linear activation of int32 x [K] into int16 `out` [K]; returns whether any saturated."""
    saturated = False
    for k in range(x.shape[0]):
        value = np.int64(x[k])
        low, high = 0, starts.shape[0]
        while high - low > 1:
            middle = (low + high) >> 1
            if starts[middle] <= value:
                low = middle
            else:
                high = middle
        above = max(value - starts[low], np.int64(0))
        y = y_base[low] + ((above * slope[low]) >> shifts[low])
        if y > 32767 or y < -32768:
            y, saturated = min(max(y, -32768), 32767), True
        out[k] = y
    return saturated
