"""Driver `fixed_point`: the port behind which the arithmetic lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kairos.ports import Layer
from kairos_drivers.gna import compiler, stored, vectors
from kairos_drivers.gna.arithmetic import Integers
from kairos_drivers.gna.network import Network
from kairos_drivers.gna.stream import Stream


class Model:
    """`IntegerNetwork`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.inputs = network.inputs
        self.nbytes = network.nbytes

    def width(self, name: str) -> int:
        """Numbers operation `name` makes of a frame; raises KeyError."""
        return self._network.widths[name]

    def scale(self, name: str) -> float:
        """What its output counts for one; raises KeyError."""
        return {operation.name: operation.scale for operation in self._network.operations}[name]

    def stream(self) -> Stream:
        """Frame by frame, nothing before the first."""
        return Stream(self._network)

    def clip(self, frames: Integers) -> tuple[Mapping[str, Integers], bool]:
        """All frames of a recording at once."""
        return self._network.clip(frames)


class Gna:
    """`FixedPoint`: whole recordings in numpy, streams compiled where numba is installed."""

    def load(self, path: Path) -> Model:
        """The model in a file; raises `KairosError` naming the limit it breaks."""
        return Model(stored.load(path))

    def compile(
        self, inputs: int, layers: Sequence[Layer], calibration: Any, path: Path, *, input_scale: float = 1.0
    ) -> Mapping[str, float]:
        """Float layers as a model in `path`; see the port."""
        network, drift = compiler.compiled(inputs, layers, calibration, input_scale=input_scale)
        stored.save(network, path)
        return drift

    def verify(self, folder: Path | None = None) -> tuple[int, list[str]]:
        """Run the golden vectors of `folder` (ours, if None): how many, and the names of those that differ."""
        return vectors.differing(folder or vectors.SHIPPED)
