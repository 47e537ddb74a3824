"""One operation of a model: its numbers, what it reads, and every limit of GNA 2.0 it must keep.

A model that could not live on the chip is refused with the limit's name, before anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from kairos.errors import KairosError
from kairos_drivers.gna.arithmetic import Integers, Pooling, Pwl

Kind = Literal["affine", "diagonal", "conv1d"]
_INPUTS: Final = (8, 65528)
_OUTPUTS: Final = (1, 65535)
_FILTERS: Final = (4, 65532)
_FILTER_WIDTH: Final = (8, 768)
_POOL: Final = (1, 6)
_SEGMENTS: Final = (2, 128)


class GnaLimit(KairosError):
    """A model breaks a limit of GNA 2.0."""

    def __init__(self, where: str, limit: str, found: object, allowed: str) -> None:
        super().__init__(f"operation {where}: {limit} is {found}, must be {allowed}")


class Tap(NamedTuple):
    """The output of an operation some frames ago; before the first frame it was zero."""

    name: str = ""
    """Empty is the model's input."""
    delay: int = 0


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One layer. Arrays are as `arithmetic` takes them; what it reads are its taps, laid side by side."""

    name: str
    kind: Kind
    taps: tuple[Tap, ...] = (Tap(),)
    weights: Integers | None = None
    """int8 or int16; None where `weights_from` names an operation."""
    bias: Integers | None = None
    """int32; None where `bias_from` names an operation."""
    multiplier: Integers | None = None
    """uint8 [M], with int8 weights only."""
    weights_from: str = ""
    """A diagonal's weights at run time: an operation with int16 output."""
    bias_from: str = ""
    """A diagonal's bias at run time: an operation with int32 output."""
    stride: int = 1
    pool: tuple[Pooling, int, int] | None = None
    """Kind, window, stride."""
    pwl: Pwl | None = None
    scale: float = 1.0
    """What its output counts for one, for whoever reads it; the arithmetic knows no scales."""

    def outputs(self, inputs: int) -> int:
        """Numbers one vector of `inputs` becomes; raises `GnaLimit`."""
        self._between("inputs", inputs, _INPUTS, step=8)
        if self.pwl is not None:
            self._check_pwl(self.pwl)
        self._check_dtypes()
        found = {"affine": self._affine, "diagonal": self._diagonal, "conv1d": self._conv}[self.kind](inputs)
        if self.pool is not None and (self.kind != "conv1d" or self.pwl is None):
            raise GnaLimit(
                self.name, "pooling", f"on a {self.kind} {'with' if self.pwl else 'without'} activation", "on a convolution with one"
            )
        return found

    @property
    def nbytes(self) -> int:
        """Memory of its numbers, each array on a 64-byte boundary."""
        arrays = [self.weights, self.bias, self.multiplier, *(self.pwl or ())]
        return sum(-(-array.nbytes // 64) * 64 for array in arrays if array is not None)

    def _affine(self, inputs: int) -> int:
        weights, bias = self._own("weights", self.weights, 2), self._own("bias", self.bias, 1)
        self._between("outputs", weights.shape[0], _OUTPUTS)
        self._equal("weights of a row", weights.shape[1], inputs)
        self._equal("biases", bias.shape[0], weights.shape[0])
        return weights.shape[0]

    def _diagonal(self, inputs: int) -> int:
        for name, array, other in (("weights", self.weights, self.weights_from), ("bias", self.bias, self.bias_from)):
            if other:
                if array is not None:
                    raise GnaLimit(self.name, name, "given twice", "an array or the name of an operation")
            else:
                self._equal(name, self._own(name, array, 1).shape[0], inputs)
        return inputs

    def _conv(self, inputs: int) -> int:
        filters, bias = self._own("filters", self.weights, 2), self._own("bias", self.bias, 1)
        count, width = filters.shape
        self._between("filters", count, _FILTERS, step=4)
        self._between("filter width", width, (_FILTER_WIDTH[0], min(_FILTER_WIDTH[1], inputs)), step=8)
        self._between("stride", self.stride, (1, width))
        self._equal("biases", bias.shape[0], count)
        positions = (inputs - width) // self.stride + 1
        if self.pool is not None:
            for name, value in zip(("pool window", "pool stride"), self.pool[1:], strict=True):
                self._between(name, value, _POOL)
            positions = (positions - 1) // self.pool[2] + 1
        return positions * count

    def _check_dtypes(self) -> None:
        allowed = {"affine": ("int8", "int16"), "diagonal": ("int8", "int16"), "conv1d": ("int16",)}[self.kind]
        if self.weights is not None and self.weights.dtype.name not in allowed:
            raise GnaLimit(self.name, "weights", self.weights.dtype, " or ".join(allowed))
        if self.bias is not None and self.bias.dtype != np.int32:
            raise GnaLimit(self.name, "bias", self.bias.dtype, "int32")
        narrow = self.weights is not None and self.weights.dtype == np.int8
        if narrow != (self.multiplier is not None):
            raise GnaLimit(self.name, "multiplier", "missing" if narrow else "there", "one uint8 a row, with int8 weights only")
        if self.multiplier is not None and self.weights is not None:
            if self.multiplier.dtype != np.uint8:
                raise GnaLimit(self.name, "multiplier", self.multiplier.dtype, "uint8")
            self._equal("multipliers", self.multiplier.shape[0], self.weights.shape[0])

    def _check_pwl(self, pwl: Pwl) -> None:
        self._between("segments", pwl.x_base.shape[0], _SEGMENTS)
        for name, array, dtype in (("x_base", pwl.x_base, np.int32), ("y_base", pwl.y_base, np.int16), ("slope", pwl.slope, np.int16)):
            if array.dtype != dtype or array.shape != pwl.x_base.shape:
                raise GnaLimit(self.name, name, f"{array.dtype} {array.shape}", f"{np.dtype(dtype)} {pwl.x_base.shape}")
        if not bool((np.diff(pwl.starts) > 0).all()):
            raise GnaLimit(self.name, "starts of segments", "out of order", "strictly ascending")

    def _own(self, name: str, array: Integers | None, dimensions: int) -> Integers:
        if array is None or array.ndim != dimensions:
            raise GnaLimit(self.name, name, "missing" if array is None else f"{array.ndim}-dimensional", f"{dimensions}-dimensional")
        return array

    def _between(self, limit: str, value: int, bounds: tuple[int, int], *, step: int = 1) -> None:
        if not bounds[0] <= value <= bounds[1] or value % step:
            raise GnaLimit(self.name, limit, value, f"{bounds[0]} to {bounds[1]}{f', a multiple of {step}' if step > 1 else ''}")

    def _equal(self, limit: str, value: int, wanted: int) -> None:
        if value != wanted:
            raise GnaLimit(self.name, limit, value, str(wanted))
