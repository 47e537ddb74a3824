"""A model of operations: checked whole before it runs, over many frames at once in plain numpy.

`clip` is the reference: every frame of a recording, each operation in one go. `stream` runs the same
model frame by frame, and is held equal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from kairos_drivers.gna.arithmetic import Integers, Result, activate, affine, conv1d, diagonal
from kairos_drivers.gna.operations import GnaLimit, Operation

_OPERATIONS: Final = 4096
_MEMORY: Final = 1 << 28
_Shift: TypeAlias = Callable[[Integers, int], Integers]


class Network:
    """Operations in order; the last one's output is the model's."""

    def __init__(self, inputs: int, operations: Sequence[Operation]) -> None:
        """`inputs` are the numbers of one frame. Raises `GnaLimit`."""
        if not 1 <= len(operations) <= _OPERATIONS:
            raise GnaLimit("-", "operations", len(operations), f"1 to {_OPERATIONS}")
        self.inputs: Final = inputs
        self.operations: Final = tuple(operations)
        self.widths: dict[str, int] = {"": inputs}
        """Numbers each operation makes of one frame; the empty name is the input."""
        self.remembered: dict[str, int] = {}
        """Frames back that an operation's output is asked for."""
        self._wide: dict[str, bool] = {"": False}
        for operation in operations:
            self._check(operation)
        held = sum(4 * width * (1 + self.remembered.get(name, 0)) for name, width in self.widths.items())
        self.nbytes: Final = sum(operation.nbytes for operation in operations) + held
        if self.nbytes > _MEMORY:
            raise GnaLimit("-", "memory", self.nbytes, f"at most {_MEMORY} bytes")

    @property
    def outputs(self) -> int:
        """Numbers a frame becomes."""
        return self.widths[self.operations[-1].name]

    def run(self, x: Integers) -> Result:
        """int16 `x` [inputs], or [inputs, N] as one request of N, with nothing before it; [outputs] or [outputs, N]."""
        columns = x if x.ndim > 1 else x[:, None]
        self.check_frames(columns)
        values, saturated = self._each(columns, batch=None, shift=_nothing)
        last = values[self.operations[-1].name]
        return Result(last if x.ndim > 1 else last[:, 0], saturated)

    def clip(self, frames: Integers) -> tuple[dict[str, Integers], bool]:
        """int16 `frames` [T, inputs], one after the other: each operation's outputs [T, width], and whether anything saturated."""
        self.check_frames(frames.T)
        values, saturated = self._each(np.ascontiguousarray(frames.T), batch=1, shift=_later)
        return {name: np.ascontiguousarray(value.T) for name, value in values.items()}, saturated

    def check_frames(self, columns: Integers) -> None:
        """Raises `GnaLimit` unless `columns` [inputs, ...] are frames of this model."""
        if columns.dtype != np.int16 or columns.shape[0] != self.inputs:
            raise GnaLimit("-", "a frame", f"{columns.dtype} {columns.shape}", f"int16 ({self.inputs},)")

    def _each(self, columns: Integers, *, batch: int | None, shift: _Shift) -> tuple[dict[str, Integers], bool]:
        values: dict[str, Integers] = {"": columns}
        saturated = False
        for operation in self.operations:
            parts = [shift(values[tap.name], tap.delay) for tap in operation.taps]
            found = run(operation, parts[0] if len(parts) == 1 else np.concatenate(parts), values, batch=batch)
            values[operation.name], saturated = found.values, saturated | found.saturated
        return values, saturated

    def _check(self, operation: Operation) -> None:
        name = operation.name
        if not name or name in self.widths:
            raise GnaLimit(name or "-", "name", repr(name), "one of its own")
        width = sum(self._tapped(operation, tap.name, tap.delay) for tap in operation.taps)
        for part, other, wide in (("weights", operation.weights_from, False), ("bias", operation.bias_from, True)):
            if other and (self.widths.get(other) != width or self._wide[other] != wide):
                raise GnaLimit(
                    name, f"{part} at run time", repr(other), f"{width} {'int32' if wide else 'int16'} from an operation before it"
                )
        self.widths[name] = operation.outputs(width)
        self._wide[name] = operation.pwl is None

    def _tapped(self, operation: Operation, name: str, delay: int) -> int:
        if name not in self.widths or delay < 0:
            raise GnaLimit(operation.name, "what it reads", f"{name!r}, {delay} frames ago", "an operation before it, now or earlier")
        if self._wide[name]:
            raise GnaLimit(operation.name, "input", "int32", "int16: give the operation before it an activation")
        self.remembered[name] = max(delay, self.remembered.get(name, 0))
        return self.widths[name]


def run(operation: Operation, x: Integers, values: Mapping[str, Integers], *, batch: int | None = None) -> Result:
    """One operation on `x` [K, N]; `values` holds what others made, for weights and biases at run time."""
    if operation.kind == "diagonal":
        weights = values[operation.weights_from] if operation.weights_from else operation.weights
        bias = values[operation.bias_from] if operation.bias_from else operation.bias
        assert weights is not None
        assert bias is not None
        found = diagonal(x, weights, bias, operation.multiplier)
    else:
        assert operation.weights is not None
        assert operation.bias is not None
        if operation.kind == "affine":
            found = affine(x, operation.weights, operation.bias, operation.multiplier, batch=batch)
        else:
            found = conv1d(x, operation.weights, operation.bias, stride=operation.stride, pool=operation.pool)
    if operation.pwl is None:
        return found
    active = activate(found.values, operation.pwl)
    return Result(active.values, found.saturated or active.saturated)


def _nothing(value: Integers, delay: int) -> Integers:
    return value if delay == 0 else np.zeros_like(value)


def _later(value: Integers, delay: int) -> Integers:
    if delay == 0:
        return value
    found = np.zeros_like(value)
    found[:, delay:] = value[:, : max(0, value.shape[1] - delay)]
    return found
