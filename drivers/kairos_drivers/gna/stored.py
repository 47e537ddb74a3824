"""A model in one safetensors file: its numbers as tensors, its plan in the header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from kairos_drivers.gna.arithmetic import Integers, Pooling, Pwl
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.operations import GnaLimit, Kind, Operation, Tap

_VERSION: Final = "2"


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What of an operation is no array."""

    name: str
    kind: Kind
    taps: tuple[Tap, ...]
    weights_from: str
    bias_from: str
    stride: int
    pool: tuple[Pooling, int, int] | None
    scale: float


def save(network: Network, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write it; `metadata` is kept beside the plan."""
    arrays: dict[str, Integers] = {}
    for operation in network.operations:
        named = {"weights": operation.weights, "bias": operation.bias, "multiplier": operation.multiplier}
        if operation.pwl is not None:
            named |= {f"pwl.{field}": value for field, value in operation.pwl._asdict().items()}
        arrays |= {f"{operation.name}/{field}": np.ascontiguousarray(value) for field, value in named.items() if value is not None}
    plan = [_Plan(**{field: getattr(operation, field) for field in _Plan.__struct_fields__}) for operation in network.operations]
    header = {"gna": _VERSION, "inputs": str(network.inputs), "plan": msgspec.json.encode(plan).decode()}
    save_file(arrays, path, metadata={**(metadata or {}), **header})


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
