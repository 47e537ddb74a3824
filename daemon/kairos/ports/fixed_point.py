"""An engine for networks in GNA-class fixed point, exact to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One layer of a model in float, to be compiled into fixed point."""

    name: str
    kind: Literal["affine", "conv1d", "square"] = "affine"
    """`square` is its one tap times itself, plus layer `adds`."""
    taps: tuple[tuple[str, int], ...] = (("", 0),)
    """What it reads, side by side: outputs of layers (empty: the input) that many frames ago."""
    weights: Any = None
    """[M, K] floats; [filters, width] of a convolution."""
    bias: Any = None
    """[M] floats; None is zero."""
    stride: int = 1
    adds: str = ""
    activation: Literal["none", "identity", "relu", "log2"] = "none"
    """`none` leaves int32; `log2` is that of the accumulator's own integers, and never under 2."""
    scale: float | None = None
    """What the output counts for one; None is chosen on the calibration so that nothing saturates."""


class IntegerStream(Protocol):
    """A model in fixed point, listening."""

    @property
    def saturated(self) -> bool:
        """Whether anything saturated so far."""
        ...

    def step(self, frame: Any) -> Mapping[str, Any]:
        """An int16 frame [inputs]: the output of every layer by name, valid until the next step."""
        ...


class IntegerNetwork(Protocol):
    """A model in fixed point, ready to run."""

    @property
    def inputs(self) -> int:
        """Numbers in one frame."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory of its numbers and of what it remembers."""
        ...

    def width(self, name: str) -> int:
        """Numbers layer `name` makes of a frame; raises KeyError."""
        ...

    def scale(self, name: str) -> float:
        """What the output of layer `name` counts for one; raises KeyError."""
        ...

    def stream(self) -> IntegerStream:
        """Frame by frame, nothing before the first."""
        ...

    def clip(self, frames: Any) -> tuple[Mapping[str, Any], bool]:
        """int16 frames [T, inputs] of a whole recording: outputs [T, width] by layer, and whether anything saturated."""
        ...


class FixedPoint(Protocol):
    """An engine for models in GNA-class fixed point, exact to the bit."""

    def load(self, path: Path) -> IntegerNetwork:
        """The model in a file; raises `KairosError` naming the limit it breaks."""
        ...

    def compile(
        self, inputs: int, layers: Sequence[Layer], calibration: Any, path: Path, *, input_scale: float = 1.0
    ) -> Mapping[str, float]:
        """Write float `layers` as a model: scales chosen on int16 `calibration` [T, inputs], `input_scale` of them being one.

        Returns each layer's drift: the error's root mean square over the float output's. Raises `KairosError` naming the
        limit a layer breaks, or the layer that saturates.
        """
        ...

    def verify(self, folder: Path | None = None) -> tuple[int, list[str]]:
        """Run the golden vectors of `folder`, or the engine's own: how many, and the names of those that differ."""
        ...
