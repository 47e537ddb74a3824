"""The four operations of GNA 2.0 in exact integers: affine, diagonal, 1D convolution with pooling, piecewise-linear activation.

Activations are int16, weights int8 or int16, accumulators int32 that saturate, sums inside an
accumulation exact. There are no scales and no zero points; whoever compiles a model keeps track of them.
Every function returns its values and whether anything was clamped: the chip's "arithmetic saturation".

Sums go through float64 matrix products, which are exact here: no partial sum reaches 2^53 (a product is
at most 2^30, and 65,528 of them 2^46).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.integer]
Pooling = Literal["max", "sum"]
_INT16: Final = np.iinfo(np.int16)
_INT32: Final = np.iinfo(np.int32)
BUFFER: Final = (12288, 12288, 12096, 12288, 12000, 12096, 12096, 12288)
"""Input elements the accumulation buffer holds for a batch of 1 to 8: a sum saturates each time it is full."""


class Result(NamedTuple):
    """Values, and whether one of them was clamped on the way."""

    values: Integers
    saturated: bool


class Pwl(NamedTuple):
    """A piecewise-linear activation: [S] starts with their shift codes, ordinates and slopes, strictly ascending."""

    x_base: NDArray[np.int32]
    """Start of a segment in all but its two low bits, which hold c: the slope is shifted right by 8 * (c + 1)."""
    y_base: NDArray[np.int16]
    slope: NDArray[np.int16]

    @property
    def starts(self) -> NDArray[np.int64]:
        """[S] where each segment begins."""
        return self.x_base.astype(np.int64) & ~np.int64(3)

    @property
    def shifts(self) -> NDArray[np.int64]:
        """[S] bits each product is shifted right by."""
        return 8 * ((self.x_base.astype(np.int64) & 3) + 1)


def affine(x: Integers, weights: Integers, bias: Integers, multiplier: Integers | None = None, *, batch: int | None = None) -> Result:
    """`weights` [M, K] @ `x` [K, N] + `bias` [M] as int32 [M, N]; `multiplier` [M] (0..255) scales the rows of int8 weights.

    `batch` is how many columns one request holds, which says where sums saturate; all of them if None.
    """
    rows = _scaled(weights, multiplier).astype(np.float64)
    held = batch or x.shape[1]
    step = BUFFER[held - 1] // held
    total, saturated = np.repeat(bias.astype(np.int64)[:, None], x.shape[1], axis=1), False
    for start in range(0, x.shape[0], step):
        part = rows[:, start : start + step] @ x[start : start + step].astype(np.float64)
        total, clamped = _clamp(total + part.astype(np.int64), _INT32)
        saturated |= clamped
    return Result(total.astype(np.int32), saturated)


def diagonal(x: Integers, weights: Integers, bias: Integers, multiplier: Integers | None = None) -> Result:
    """Element-wise `weights` * `x` [K, N] + `bias` as int32 [K, N]: static FiLM with both [K], at run time [K, N]."""
    each = _scaled(_columns(weights), multiplier)
    total, saturated = _clamp(_columns(bias).astype(np.int64) + each * x, _INT32)
    return Result(total.astype(np.int32), saturated)


def conv1d(x: Integers, filters: Integers, bias: Integers, *, stride: int, pool: tuple[Pooling, int, int] | None = None) -> Result:
    """`filters` [F, W] over flat `x` [K, N], plus `bias` [F], as int32 [positions * F, N], the filter fastest.

    `pool` is the kind, the window and the stride of a pooling over positions; it works on the accumulators
    before they are clamped, and a last window that is not full is kept as it is.
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, filters.shape[1], axis=0)[::stride]  # pyright: ignore[reportCallIssue, reportArgumentType]
    total = (windows.astype(np.float64) @ filters.T.astype(np.float64)).astype(np.int64) + bias.astype(np.int64)
    if pool is not None:
        total = _pooled(total, *pool)
    found, saturated = _clamp(total, _INT32)
    return Result(found.astype(np.int32).swapaxes(1, 2).reshape(-1, x.shape[1]), saturated)


def activate(x: Integers, pwl: Pwl) -> Result:
    """`pwl` of int32 `x`, as int16 of the same shape."""
    starts, wide = pwl.starts, x.astype(np.int64)
    segment = np.maximum(np.searchsorted(starts, wide, side="right") - 1, 0)
    above = np.maximum(wide - starts[segment], 0)  # left of the first segment is its ordinate
    y = pwl.y_base.astype(np.int64)[segment] + ((above * pwl.slope.astype(np.int64)[segment]) >> pwl.shifts[segment])
    found, saturated = _clamp(y, _INT16)
    return Result(found.astype(np.int16), saturated)


def _columns(values: Integers) -> Integers:
    return values if values.ndim > 1 else values[:, None]


def _scaled(weights: Integers, multiplier: Integers | None) -> NDArray[np.int64]:
    wide = weights.astype(np.int64)
    return wide if multiplier is None else wide * multiplier.astype(np.int64)[:, None]


def _pooled(total: NDArray[np.int64], kind: Pooling, window: int, stride: int) -> NDArray[np.int64]:
    starts = range(0, total.shape[0], stride)
    merge = np.max if kind == "max" else np.sum
    return np.stack([merge(total[start : start + window], axis=0) for start in starts])


def _clamp(values: NDArray[np.int64], bounds: np.iinfo[np.int16] | np.iinfo[np.int32]) -> tuple[NDArray[np.int64], bool]:
    found = np.clip(values, bounds.min, bounds.max)
    return found, bool((found != values).any())
