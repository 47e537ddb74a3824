"""From layers in float to a model in fixed point: scales chosen on calibration data, and the drift that costs, layer by layer.

Weights are scaled so that no input whatsoever can overflow their sums: |w| * 32768 over a row stays
within int32. That leaves 8 to 16 bits a weight, and makes saturation of sums impossible, not only unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos.ports import Layer
from kairos_drivers.gna import tables
from kairos_drivers.gna.arithmetic import Integers, Pwl
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.operations import GnaLimit, Operation, Tap

Floats = NDArray[np.float64]
_SUM: Final = (1 << 31) - 1
_MOST: Final = 32767
_ROOM: Final = 1.5
"""Times what calibration reached before an activation clamps."""


def compiled(inputs: int, layers: Sequence[Layer], calibration: Integers, *, input_scale: float) -> tuple[Network, dict[str, float]]:
    """The model, and each layer's drift on `calibration` [T, inputs]; raises `GnaLimit`."""
    exact: dict[str, Floats] = {"": calibration.astype(np.float64) / input_scale}
    scales: dict[str, float] = {"": input_scale}
    operations = list[Operation]()
    for layer in layers:
        exact[layer.name] = _exact(layer, exact)
        operation = _operation(layer, scales, exact)
        scales[layer.name] = operation.scale
        operations.append(operation)
    network = Network(inputs, operations)
    found, saturated = network.clip(calibration)
    if saturated:
        raise GnaLimit(_culprit(inputs, operations, calibration), "saturation", "met", "nowhere on the calibration data")
    return network, {layer.name: _drift(found[layer.name] / scales[layer.name], exact[layer.name]) for layer in layers}


def _exact(layer: Layer, values: Mapping[str, Floats]) -> Floats:
    """The layer in float, [T, width]."""
    x = np.concatenate([_later(values[name], delay) for name, delay in layer.taps], axis=1)
    if layer.kind == "square":
        total = x * x + (values[layer.adds] if layer.adds else 0.0)
    else:
        weights, bias = _numbers(layer)
        if layer.kind == "conv1d":
            windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape[1], axis=1)[:, :: layer.stride]
            total = (windows @ weights.T + bias).reshape(len(x), -1)
        else:
            total = x @ weights.T + bias
    return np.maximum(total, 0.0) if layer.activation == "relu" else total


def _operation(layer: Layer, scales: Mapping[str, float], exact: dict[str, Floats]) -> Operation:
    taps = tuple(Tap(name, delay) for name, delay in layer.taps)
    if layer.kind == "square":
        width, unit = exact[layer.name].shape[1], scales[taps[0].name] ** 2
        zeros = None if layer.adds else np.zeros(width, np.int32)
        pwl, scale = _activation(layer, unit, exact)
        return Operation(
            name=layer.name, kind="diagonal", taps=taps, weights_from=taps[0].name, bias_from=layer.adds, bias=zeros, pwl=pwl, scale=scale
        )
    weights, bias = _numbers(layer)
    if layer.kind == "affine":
        each = np.concatenate([np.full(exact[name].shape[1], scales[name]) for name, _ in layer.taps])
    else:
        each = np.full(weights.shape[1], scales[taps[0].name])
    unit, integers, offset = _fitting(weights / each, bias)
    pwl, scale = _activation(layer, unit, exact)
    if pwl is not None and layer.activation != "log2":  # shifts round down; half a step up makes that to the nearest
        offset = offset + int(0.5 * unit / scale)
    return Operation(
        name=layer.name,
        kind=layer.kind,
        taps=taps,
        weights=integers,
        bias=offset.astype(np.int32),
        stride=layer.stride,
        pwl=pwl,
        scale=scale,
    )


def _fitting(weights: Floats, bias: Floats) -> tuple[float, Integers, NDArray[np.int64]]:
    """The largest unit in which no sum can overflow, with weights and bias in it."""
    rows = np.abs(weights).sum(axis=1) * (_MOST + 1) + np.abs(bias)
    unit = min(_MOST / max(float(np.abs(weights).max()), 1e-12), _SUM / max(float(rows.max()), 1e-12))
    while True:
        integers, offset = np.round(weights * unit), np.round(bias * unit)
        most = (np.abs(integers).sum(axis=1) * (_MOST + 1) + np.abs(offset)).max()
        if most <= 0.99 * _SUM:  # room for half a step of rounding
            return float(unit), integers.astype(np.int16), offset.astype(np.int64)
        unit *= 0.98 * _SUM / most


def _activation(layer: Layer, unit: float, exact: dict[str, Floats]) -> tuple[Pwl | None, float]:
    if layer.activation == "none":
        return None, unit
    if layer.activation == "log2":
        scale = layer.scale or 1.0
        exact[layer.name] = np.log2(np.maximum(exact[layer.name] * unit, 4.0))
        return tables.log2(scale)[0], scale
    scale = layer.scale or _MOST / (_ROOM * max(float(np.abs(exact[layer.name]).max()), 1e-9))
    pwl, ratio = (tables.relu if layer.activation == "relu" else tables.line)(scale / unit)
    return pwl, ratio * unit


def _numbers(layer: Layer) -> tuple[Floats, Floats]:
    weights = np.asarray(layer.weights, np.float64)
    bias: Any = layer.bias
    return weights, np.zeros(len(weights)) if bias is None else np.asarray(bias, np.float64)


def _later(value: Floats, delay: int) -> Floats:
    return np.concatenate([np.zeros((delay, value.shape[1])), value])[: len(value)]


def _drift(found: Floats, wanted: Floats) -> float:
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / max(float(np.sqrt(np.mean(wanted**2))), 1e-12))


def _culprit(inputs: int, operations: Sequence[Operation], calibration: Integers) -> str:
    for count in range(1, len(operations) + 1):
        if Network(inputs, operations[:count]).clip(calibration)[1]:
            return operations[count - 1].name
    return "-"
