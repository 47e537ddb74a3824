"""Golden vectors: inputs, numbers and outputs of single operations as another implementation computed them.

A folder holds `index.json` and, for each vector, a little-endian `.bin` with arrays by dtype, shape and byte
offset. The ones shipped were made by running the chip maker's own library in its exact software mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from kairos_drivers.gna.arithmetic import Integers, Pwl
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.operations import GnaLimit, Operation

SHIPPED: Final = Path(__file__).parent / "vectors"


class _Array(msgspec.Struct, frozen=True, kw_only=True):
    dtype: str
    shape: list[int]
    offset: int


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    op: str
    inputs: int
    saturation_warning: bool
    arrays: dict[str, _Array]
    stride: int = 1
    pool: str | None = None
    pool_window: int = 1
    pool_stride: int = 1


class Vector(NamedTuple):
    """One operation with what it was given and what came out."""

    name: str
    network: Network
    x: Integers
    output: Integers
    saturated: bool


def vectors(folder: Path) -> Iterator[Vector]:
    """Those of a folder, in its order; raises `GnaLimit` where it holds none."""
    try:
        rows = msgspec.json.decode((folder / "index.json").read_bytes(), type=list[_Row])
        for row in rows:
            yield _vector(row, (folder / f"{row.name}.bin").read_bytes())
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise GnaLimit(str(folder), "vectors", type(error).__name__, f"index.json with its .bin files: {error}") from error


def differing(folder: Path = SHIPPED) -> tuple[int, list[str]]:
    """How many vectors there are, and the names of those whose values, type or saturation flag differ here."""
    wrong: list[str] = []
    count = 0
    for vector in vectors(folder):
        count += 1
        found = vector.network.run(vector.x)
        same = found.values.dtype == vector.output.dtype and np.array_equal(found.values.ravel(), vector.output.ravel())
        if not same or found.saturated != vector.saturated:
            wrong.append(vector.name)
    return count, wrong


def _vector(row: _Row, raw: bytes) -> Vector:
    arrays: dict[str, Any] = {}
    for name, array in row.arrays.items():
        count = int(np.prod(array.shape))
        arrays[name] = np.frombuffer(raw, dtype=array.dtype, count=count, offset=array.offset).reshape(array.shape)
    pwl = Pwl(arrays["pwl_xbase"], arrays["pwl_ybase"], arrays["pwl_slope"]) if "pwl_xbase" in arrays else None
    pool: Any = (row.pool, row.pool_window, row.pool_stride) if row.pool in ("max", "sum") else None
    kind: Any = row.op
    operation = Operation(
        name=row.name, kind=kind, weights=arrays["weights"], bias=arrays["bias"], multiplier=arrays.get("multiplier"),
        stride=row.stride, pool=pool, pwl=pwl,
    )  # fmt: skip
    return Vector(row.name, Network(row.inputs, [operation]), arrays["input"], arrays["output"], row.saturation_warning)
