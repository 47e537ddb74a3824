"""A model run frame by frame, with what its taps remember: the ear as it lives.

Compiled where numba is installed, in plain numpy otherwise, the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from kairos_drivers.gna.arithmetic import BUFFER, Integers
from kairos_drivers.gna.network import Network, run
from kairos_drivers.gna.operations import Operation

_Step = Callable[[Integers, Mapping[str, Integers]], bool]
_FITS: Final = (1 << 31) - 1


@cache
def _kernels() -> Any:
    """None where the extra is not installed: slower, never different. Asked for by the first stream, since numba is slow to import."""
    try:
        from kairos_drivers.gna import kernels
    except ImportError:
        return None
    return kernels


class Stream:
    """One listening: outputs of the newest frame by operation in `values`, until the next step overwrites them."""

    def __init__(self, network: Network, *, compiled: bool = True) -> None:
        self._network = network
        self.values: dict[str, Integers] = {}
        self.saturated = False
        """Whether anything saturated so far."""
        self._held = {name: np.zeros((1 + back, network.widths[name]), np.int16) for name, back in network.remembered.items() if back}
        self._joined = {op.name: np.zeros(sum(network.widths[t.name] for t in op.taps), np.int16) for op in network.operations}
        fast = compiled and _kernels() is not None
        self._steps = [(op, _compiled(op, network) if fast else _plain(op)) for op in network.operations]
        self._now = 0

    def step(self, frame: Integers) -> Mapping[str, Integers]:
        """int16 `frame` [inputs]: the outputs of every operation, each [width]. Raises `GnaLimit`."""
        self._network.check_frames(frame)
        self._keep("", frame)
        for operation, step in self._steps:
            self.saturated |= step(self._read(operation), self.values)
            self._keep(operation.name, self.values[operation.name])
        self._now += 1
        return self.values

    def _keep(self, name: str, value: Integers) -> None:
        self.values[name] = value
        held = self._held.get(name)
        if held is not None:
            held[self._now % held.shape[0]] = value

    def _read(self, operation: Operation) -> Integers:
        first = operation.taps[0]
        if len(operation.taps) == 1 and not first.delay:
            return self.values[first.name]
        joined, place = self._joined[operation.name], 0
        for name, delay in operation.taps:
            width = self._network.widths[name]
            if delay:
                held = self._held[name]
                joined[place : place + width] = held[(self._now - delay) % held.shape[0]]
            else:
                joined[place : place + width] = self.values[name]
            place += width
        return joined


def _plain(operation: Operation) -> _Step:
    def step(x: Integers, values: Any) -> bool:
        found = run(operation, x[:, None], values, batch=1)
        values[operation.name] = found.values[:, 0]
        return found.saturated

    return step


def _compiled(operation: Operation, network: Network) -> _Step:
    """The operation on buffers of its own; what the kernels do not cover stays plain."""
    if operation.multiplier is not None or operation.pool is not None:
        return _plain(operation)
    wide, out = np.zeros(network.widths[operation.name], np.int32), np.zeros(network.widths[operation.name], np.int16)
    linear = _diagonal(operation, wide) if operation.kind == "diagonal" else _linear(operation, wide)
    if linear is None:
        return _plain(operation)
    pwl, name = operation.pwl, operation.name
    if pwl is None:

        def bare(x: Integers, values: Any) -> bool:
            values[name] = wide
            return linear(x, values)

        return bare
    activate = _kernels().activate
    starts, shifts, y_base, slope = pwl.starts, pwl.shifts, pwl.y_base.astype(np.int64), pwl.slope.astype(np.int64)

    def active(x: Integers, values: Any) -> bool:
        clamped = linear(x, values)
        values[name] = out
        return activate(wide, starts, y_base, slope, shifts, out) or clamped

    return active


def _linear(operation: Operation, out: Integers) -> _Step | None:
    weights, bias = operation.weights, operation.bias
    assert weights is not None
    assert bias is not None
    affine = operation.kind == "affine"
    if affine and weights.shape[1] > BUFFER[0]:  # sums saturate block by block there
        return None
    most = int((np.abs(weights.astype(np.int64)).sum(axis=1) * 32768 + np.abs(bias.astype(np.int64))).max())
    kernel = _kernels().narrow if most <= _FITS else _kernels().wide
    own, stride = np.ascontiguousarray(weights, np.int16), 1 if affine else operation.stride
    return lambda x, _: kernel(x, own, bias, stride, out)


def _diagonal(operation: Operation, out: Integers) -> _Step:
    kernel = _kernels().diagonal
    weights, bias, named, other = operation.weights, operation.bias, operation.weights_from, operation.bias_from
    return lambda x, values: kernel(x, values[named] if named else weights, values[other] if other else bias, out)
