"""The ring whose views are exactly as long as needed: preallocated, written in place, rewound by moving a cursor.

Two kinds of layer. A full-attention layer is one buffer of `max_positions` rows and a length. A
sliding layer is a `WindowRing`: bounded, exact across the wrap, rewindable by `slack` positions.
Both hand the model K and V in order and exactly as long as needed, as views; nothing is concatenated
and no cache memory is allocated after the first forward. Rows start on 64-byte boundaries, since
matrix products may depend on alignment.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from kairos.errors import FrameTooLong, RewindError, RingTooLarge
from kairos.mind.cache import RingCache, RingLayer, layers_of
from kairos.mind.ring import WindowRing, Write

_ALIGN: Final = 64


def _buffer(like: Tensor, rows: int) -> Tensor:
    """A [B, heads, rows, D] whose rows begin on 64-byte boundaries; written once, so that the memory is ours from the start."""
    batch, heads, _, width = like.shape
    item = like.element_size()
    padded = -(-width * item // _ALIGN) * _ALIGN // item
    return torch.empty(batch, heads, rows, padded, dtype=like.dtype, device=like.device).fill_(0)[..., :width]


class _ViewLayer(RingLayer):
    """What both kinds share: two buffers, made at the first forward."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Allocate once, for the shapes of this layer."""
        self.dtype, self.device = key_states.dtype, key_states.device
        try:
            self.keys, self.values = _buffer(key_states, self._rows), _buffer(value_states, self._rows)
        except RuntimeError as error:  # torch has no narrower name for it on a processor
            raise RingTooLarge(2 * key_states.nbytes // key_states.shape[-2] * self._rows, self._rows) from error
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Write a chunk [B, heads, N, D] in place; returns what it must see: `run` of it, in order."""
        del args, kwargs
        first, end = self.run(key_states.shape[-2])
        self.put(key_states, value_states)
        return self.held(first, end)

    def put(self, key_states: Tensor, value_states: Tensor) -> None:
        """Write a chunk [B, heads, N, D] behind the last."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        count = key_states.shape[-2]
        for slot, start, some in self.writes(count):
            self.keys[:, :, slot : slot + some] = key_states[:, :, start : start + some]
            self.values[:, :, slot : slot + some] = value_states[:, :, start : start + some]
        self.advance(count)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Keys a chunk will meet, and the position of the first."""
        first, end = self.run(query_length)
        return end - first, first

    def held(self, first: int, end: int) -> tuple[Tensor, Tensor]:
        """Views of K and V of positions [first, end), in order."""
        start, stop = self.slots(first, end)
        assert self.keys is not None
        assert self.values is not None
        return self.keys[:, :, start:stop], self.values[:, :, start:stop]

    @abstractmethod
    def begin_at(self, first: int) -> None:
        """Empty; the next key is that of position `first`."""

    @abstractmethod
    def slots(self, first: int, end: int) -> tuple[int, int]:
        """Where those positions lie."""

    @abstractmethod
    def run(self, count: int) -> tuple[int, int]:
        """The positions a chunk of `count` must see, itself included."""

    @abstractmethod
    def writes(self, count: int) -> Iterable[Write]:
        """The copies that put a chunk in place."""

    @abstractmethod
    def advance(self, count: int) -> None:
        """`count` positions were written."""

    @abstractmethod
    def check_room(self, count: int) -> None:
        """Raise `FrameTooLong` if `count` more do not fit."""

    @abstractmethod
    def rewind(self, to: int) -> None:
        """Move the cursor."""


class FullLayer(_ViewLayer):
    """Full attention: position p is row p."""

    is_sliding = False

    def __init__(self, max_positions: int) -> None:
        super().__init__(max_positions)
        self._length = 0

    def begin_at(self, first: int) -> None:
        """Only 0 makes sense: every position is held."""
        assert first == 0
        self._length = 0

    def least_at(self, pos: int) -> int:
        """The first."""
        del pos
        return 0

    def slots(self, first: int, end: int) -> tuple[int, int]:
        """Themselves."""
        return first, end

    def run(self, count: int) -> tuple[int, int]:
        """Everything."""
        return 0, self._length + count

    def writes(self, count: int) -> Iterable[Write]:
        """One copy, behind the last."""
        return (Write(self._length, 0, count),)

    def advance(self, count: int) -> None:
        """Move the cursor."""
        self._length += count

    def get_seq_length(self) -> int:
        """Absolute length."""
        return self._length

    def get_max_length(self) -> int:
        """Rows there are."""
        return self._rows

    def check_room(self, count: int) -> None:
        """Raise `FrameTooLong` if `count` more do not fit."""
        if self._length + count > self._rows:
            raise FrameTooLong(count, self._rows - self._length)

    def check_rewind(self, to: int) -> None:
        """Raise `RewindError` outside what is held."""
        if not 0 <= to <= self._length:
            raise RewindError(to, 0)

    def rewind(self, to: int) -> None:
        """Move the cursor."""
        self._length = to


class SlidingLayer(_ViewLayer):
    """Sliding attention on a doubled ring."""

    is_sliding = True

    def __init__(self, window: int, slack: int) -> None:
        self._ring = WindowRing(window=window, slack=slack)
        super().__init__(2 * self._ring.size)

    def begin_at(self, first: int) -> None:
        """What lies before `first` is gone."""
        self._ring.begin(first, first)

    def least_at(self, pos: int) -> int:
        """See `WindowRing.least_at`."""
        return self._ring.least_at(pos)

    def slots(self, first: int, end: int) -> tuple[int, int]:
        """One contiguous slice of the doubled buffer."""
        return self._ring.slots(first, end)

    def run(self, count: int) -> tuple[int, int]:
        """See `WindowRing.run`."""
        return self._ring.run(count)

    def writes(self, count: int) -> Iterable[Write]:
        """See `WindowRing.writes`."""
        return self._ring.writes(count)

    def advance(self, count: int) -> None:
        """See `WindowRing.advance`."""
        self._ring.advance(count)

    def get_seq_length(self) -> int:
        """Absolute length, not what is held."""
        return self._ring.length

    def get_max_length(self) -> int:
        """Positions the ring keeps."""
        return self._ring.size

    def check_room(self, count: int) -> None:
        """See `WindowRing.check_room`."""
        self._ring.check_room(count)

    def check_rewind(self, to: int) -> None:
        """See `WindowRing.check_rewind`."""
        self._ring.check_rewind(to)

    def rewind(self, to: int) -> None:
        """Move the cursor."""
        self._ring.rewind(to)


class ViewCache(RingCache):
    """All layers of one model, each counting for itself."""

    def __init__(self, config: Any, *, max_positions: int, slack: int) -> None:
        """`slack` bounds one chunk and one rewind across a wrapped window. Raises `ModelUnfit`."""
        self.max_positions = max_positions
        layers: list[Any] = []
        for kind, window in layers_of(config):
            if window is None:
                layers.append(FullLayer(max_positions))
            else:
                layers.append(SlidingLayer(window, min(slack, max_positions)) if window else kind)
        super().__init__(layers=layers)

    @property
    def pos(self) -> int:
        """See `RingCache`."""
        return int(self.get_seq_length())

    @property
    def rings(self) -> list[_ViewLayer]:
        """See `RingCache`."""
        return self._owned(_ViewLayer)

    @property
    def keeps_all(self) -> bool:
        """See `RingCache`."""
        return all(isinstance(layer, FullLayer) for layer in self.layers)

    def check_room(self, count: int) -> None:
        """See `RingCache`."""
        if self.pos + count > self.max_positions:
            raise FrameTooLong(count, self.max_positions - self.pos)
        for layer in self.rings:
            layer.check_room(count)

    def clear(self) -> None:
        """See `RingCache`."""
        for layer in self.rings:
            layer.begin_at(0)

    def padded(self, count: int) -> int:
        """Itself."""
        return count

    def begin(self, positions: Tensor) -> dict[str, Any]:
        """Nothing: the model asks the layers."""
        del positions
        return {}

    def advance(self, count: int) -> None:
        """Nothing to do: each layer counted when it was written."""

    def rewind(self, to: int) -> None:
        """See `RingCache`."""
        used = [layer for layer in self.rings if layer.is_initialized]
        for layer in used:
            layer.check_rewind(to)
        for layer in used:
            layer.rewind(to)

    def _take(self, pos: int, content: Sequence[tuple[Tensor, Tensor]]) -> None:
        for layer, (keys, values) in zip(self.rings, content, strict=True):
            layer.begin_at(pos - keys.shape[-2])
            layer.put(keys, values)
