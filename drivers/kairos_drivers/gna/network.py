"""A model of operations: checked whole, run frame by frame, kept in one safetensors file with its plan in the header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from kairos_drivers.gna.arithmetic import Integers, Pooling, Pwl, Result, activate, affine, conv1d, diagonal
from kairos_drivers.gna.operations import GnaLimit, Kind, Operation

_OPERATIONS: Final = 4096
_MEMORY: Final = 1 << 28
_VERSION: Final = "1"


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What of an operation is no array."""

    name: str
    kind: Kind
    reads: str
    weights_from: str
    bias_from: str
    stride: int
    pool: tuple[Pooling, int, int] | None


class Network:
    """Operations in order; the last one's output is the model's."""

    def __init__(self, inputs: int, operations: Sequence[Operation]) -> None:
        """`inputs` are the numbers of one frame. Raises `GnaLimit`."""
        if not 1 <= len(operations) <= _OPERATIONS:
            raise GnaLimit("-", "operations", len(operations), f"1 to {_OPERATIONS}")
        self.inputs: Final = inputs
        self.operations: Final = tuple(operations)
        self._widths: dict[str, int] = {"": inputs}
        self._wide: dict[str, bool] = {"": False}
        for operation in operations:
            self._check(operation)
        self.nbytes: Final = sum(operation.nbytes for operation in operations) + sum(4 * width for width in self._widths.values())
        if self.nbytes > _MEMORY:
            raise GnaLimit("-", "memory", self.nbytes, f"at most {_MEMORY} bytes")

    @property
    def outputs(self) -> int:
        """Numbers a frame becomes."""
        return self._widths[self.operations[-1].name]

    def run(self, x: Integers) -> Result:
        """int16 `x` [inputs] or [inputs, N] (no convolution then) through every operation; [outputs] or [outputs, N]."""
        if x.dtype != np.int16 or x.shape[0] != self.inputs:
            raise GnaLimit("-", "a frame", f"{x.dtype} {x.shape}", f"int16 ({self.inputs},)")
        values: dict[str, Integers] = {"": x if x.ndim > 1 else x[:, None]}
        saturated = False
        for operation in self.operations:
            found = _run(operation, values)
            values[operation.name], saturated = found.values, saturated | found.saturated
        last = values[self.operations[-1].name]
        return Result(last if x.ndim > 1 else last[:, 0], saturated)

    def save(self, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write it; `metadata` is kept beside the plan."""
        arrays: dict[str, Integers] = {}
        for operation in self.operations:
            named = {"weights": operation.weights, "bias": operation.bias, "multiplier": operation.multiplier}
            if operation.pwl is not None:
                named |= {f"pwl.{field}": value for field, value in operation.pwl._asdict().items()}
            arrays |= {f"{operation.name}/{field}": np.ascontiguousarray(value) for field, value in named.items() if value is not None}
        plan = [_Plan(**{field: getattr(operation, field) for field in _Plan.__struct_fields__}) for operation in self.operations]
        header = {"gna": _VERSION, "inputs": str(self.inputs), "plan": msgspec.json.encode(plan).decode()}
        save_file(arrays, path, metadata={**(metadata or {}), **header})

    def _check(self, operation: Operation) -> None:
        name, width = operation.name, self._widths.get(operation.reads)
        if not name or name in self._widths:
            raise GnaLimit(name or "-", "name", repr(name), "one of its own")
        if width is None:
            raise GnaLimit(name, "what it reads", repr(operation.reads), "an operation before it")
        if self._wide[operation.reads]:
            raise GnaLimit(name, "input", "int32", "int16: give the operation before it an activation")
        for part, other, wide in (("weights", operation.weights_from, False), ("bias", operation.bias_from, True)):
            if other and (self._widths.get(other) != width or self._wide[other] != wide):
                raise GnaLimit(
                    name, f"{part} at run time", repr(other), f"{width} {'int32' if wide else 'int16'} from an operation before it"
                )
        self._widths[name] = operation.outputs(width)
        self._wide[name] = operation.pwl is None


def load(path: Path) -> Network:
    """The model at `path`; raises `GnaLimit` for one that could not live on the chip, or is none."""
    try:
        with safe_open(path, framework="np") as file:  # pyright: ignore[reportUnknownVariableType]
            header: dict[str, str] = dict(file.metadata() or {})
            arrays: dict[str, Any] = {str(name): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        if header.get("gna") != _VERSION:
            raise GnaLimit(str(path), "format", repr(header.get("gna")), f"version {_VERSION}")
        plan = msgspec.json.decode(header["plan"], type=list[_Plan])
        return Network(int(header["inputs"]), [_operation(row, arrays) for row in plan])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise GnaLimit(str(path), "file", type(error).__name__, f"a model of this format: {error}") from error


def _operation(row: _Plan, arrays: Mapping[str, Any]) -> Operation:
    def array(field: str) -> Any:
        return arrays.get(f"{row.name}/{field}")

    pwl = [array(f"pwl.{field}") for field in Pwl._fields]
    return Operation(
        **msgspec.structs.asdict(row), weights=array("weights"), bias=array("bias"), multiplier=array("multiplier"),
        pwl=Pwl(*pwl) if all(part is not None for part in pwl) else None,
    )  # fmt: skip


def _run(operation: Operation, values: Mapping[str, Integers]) -> Result:
    x = values[operation.reads]
    weights = values[operation.weights_from][:, 0] if operation.weights_from else operation.weights
    bias = values[operation.bias_from][:, 0] if operation.bias_from else operation.bias
    assert weights is not None
    assert bias is not None
    if operation.kind == "affine":
        found = affine(x, weights, bias, operation.multiplier)
    elif operation.kind == "diagonal":
        found = diagonal(x, weights, bias, operation.multiplier)
    else:
        flat = conv1d(x[:, 0], weights, bias, stride=operation.stride, pool=operation.pool)
        found = Result(flat.values.reshape(-1, 1), flat.saturated)
    if operation.pwl is None:
        return found
    active = activate(found.values, operation.pwl)
    return Result(active.values, found.saturated or active.saturated)
