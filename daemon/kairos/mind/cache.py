"""What both caches of Ring 1 share: which layers a model has, what Ring 1 holds, and holding something else instead.

`views` has K and V exactly as long as needed, for a processor; `fixed` has static shapes, for a GPU.
Which layer is of which kind is the library's own reading of the config (ragged and shared layers
included); a kind that keeps no keys and values is refused by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicLayer, DynamicSlidingWindowLayer

from kairos.errors import ModelUnfit


class RingLayer(CacheLayerMixin):
    """A layer that owns keys and values."""

    is_croppable = False

    @abstractmethod
    def least_at(self, pos: int) -> int:
        """The oldest position a query at `pos` sees."""

    @abstractmethod
    def check_rewind(self, to: int) -> None:
        """Raise `RewindError` outside what is held."""

    @abstractmethod
    def held(self, first: int, end: int) -> tuple[Tensor, Tensor]:
        """K and V of positions [first, end), in order; views or copies."""


Kept = TypeVar("Kept", bound=RingLayer)


class RingCache(Cache, ABC):
    """All layers of one model. Checks every layer before it touches one, so nothing is ever half done."""

    max_positions: int

    @property
    @abstractmethod
    def pos(self) -> int:
        """Absolute length."""

    @property
    @abstractmethod
    def rings(self) -> Sequence[RingLayer]:
        """The layers that own keys and values; those that share another's are left out."""

    @property
    def keeps_all(self) -> bool:
        """Whether every layer holds all positions, in their order, so that a chunk may come with a mask of its own."""
        return False

    @abstractmethod
    def clear(self) -> None:
        """Hold nothing; the buffers stay."""

    @abstractmethod
    def padded(self, count: int) -> int:
        """Rows a chunk of `count` is fed as."""

    @abstractmethod
    def begin(self, positions: Tensor) -> dict[str, Any]:
        """A padded chunk at `positions` [N] follows; returns what the model is called with besides."""

    @abstractmethod
    def advance(self, count: int) -> None:
        """A chunk of `count` was written, padding too."""

    @abstractmethod
    def check_room(self, count: int) -> None:
        """Raise `FrameTooLong` if a chunk of `count` cannot be fed; nothing was touched."""

    @abstractmethod
    def rewind(self, to: int) -> None:
        """Take back every position from `to` on, in every layer or in none. Raises `RewindError`."""

    @abstractmethod
    def _take(self, pos: int, content: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Hold `content`, which fits, up to `pos`."""

    def content(self, to: int | None = None) -> list[tuple[Tensor, Tensor]]:
        """Copies of K and V as a chunk at `to` (here, if None) would meet them, layer by layer. Raises `RewindError`."""
        end = self.pos if to is None else to
        found: list[tuple[Tensor, Tensor]] = []
        for layer in self.rings:
            if layer.is_initialized and end:
                layer.check_rewind(end)
                keys, values = layer.held(layer.least_at(end), end)
                found.append((keys.clone(), values.clone()))
        return found

    def replace(self, pos: int, content: Sequence[tuple[Tensor, Tensor]]) -> str:
        """Hold `content` up to `pos` instead; returns what does not fit, and then nothing was touched."""
        if not 0 < pos <= self.max_positions:
            return f"it ends at position {pos}, Ring 1 has {self.max_positions}"
        if len(content) != len(self.rings):
            return f"it has {len(content)} layers, the model {len(self.rings)}"
        for number, (layer, (keys, values)) in enumerate(zip(self.rings, content, strict=True)):
            if not layer.is_initialized:
                layer.lazy_initialization(keys, values)
            if problem := _misfit(layer, pos - layer.least_at(pos), keys, values):
                return f"layer {number} {problem}"
        self._take(pos, content)
        return ""

    def _owned(self, kind: type[Kept]) -> list[Kept]:
        return [layer for layer in self.layers if isinstance(layer, kind)]


def layers_of(config: Any) -> list[tuple[Any, int | None]]:
    """The library's layers of a config, each with its window: None for full attention, 0 where another's keys are shared.

    Raises `ModelUnfit`.
    """
    name = str(getattr(config, "name_or_path", "") or getattr(config, "model_type", "?"))
    found: list[tuple[Any, int | None]] = []
    for kind in DynamicCache(config=config).layers:
        if type(kind).__name__ == "DummyLayer":  # newer versions only
            found.append((kind, 0))
        elif type(kind) is DynamicSlidingWindowLayer:
            found.append((kind, int(kind.sliding_window)))
        elif type(kind) is DynamicLayer:
            found.append((kind, None))
        else:
            raise ModelUnfit(name, f"it has a layer of kind {type(kind).__name__}, whose state cannot be rewound exactly")
    if not found:
        raise ModelUnfit(name, "its config names no layers that keep keys and values")
    return found


def _misfit(layer: RingLayer, rows: int, keys: Tensor, values: Tensor) -> str:
    """Why `rows` rows of K and V cannot be this layer's; empty if they can."""
    for block, buffer in ((keys, layer.keys), (values, layer.values)):
        assert buffer is not None
        wanted = (*buffer.shape[:2], rows, buffer.shape[3])
        if tuple(block.shape) != wanted or block.dtype != buffer.dtype:
            return f"is {tuple(block.shape)} {block.dtype}, must be {wanted} {buffer.dtype}"
    return ""
