"""The ring with fixed shapes: every length and position is a number on the device, so a forward can be one CUDA graph.

The other layer class of Ring 1 (see `views` for the one whose views are exactly as long as needed).
A layer is two buffers of `size` rows and position p lies in row p % size. The model gets the buffers
whole, and a mask says which rows a query may see: row s holds the greatest position not past the
chunk's end that is s modulo `size`. A chunk may be padded on the right up to a bucket; what padding
leaves behind lies past every later cursor until it is written over.

What is masked counts for exactly nothing: its weight is exp(-inf) = 0, and rows are never NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from kairos.errors import FrameTooLong, RingTooLarge
from kairos.mind.cache import RingCache, RingLayer, layers_of
from kairos.mind.ring import WindowRing

BUCKETS: Final = (1, 8, 16, 24, 32, 48, 64, 96, 128)
_STEP: Final = 64
_ENDLESS: Final = 1 << 40
Write = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], None]


def write_rows(keys: Tensor, values: Tensor, new_keys: Tensor, new_values: Tensor, slots: Tensor) -> None:
    """Put a chunk [1, heads, N, D] of K and of V at `slots` [N]."""
    keys.index_copy_(2, slots, new_keys)
    values.index_copy_(2, slots, new_values)


class Geometry:
    """Where positions lie in the layers of one kind, and what a chunk sees there."""

    def __init__(self, window: int, slack: int, device: torch.device) -> None:
        """`window` may be endless: then `slack` alone is the number of rows."""
        rows = slack if window == _ENDLESS else window - 1 + slack
        self.size: Final = -(-rows // _STEP) * _STEP
        self.ring = WindowRing(window=window, slack=self.size if window == _ENDLESS else self.size - window + 1)
        self._rows = torch.arange(self.size, device=device)
        self.slots = self._rows[:0]

    def begin(self, positions: Tensor) -> Tensor:
        """A chunk at `positions` [N] follows: sets `slots` [N], where it goes, and returns its mask [1, 1, N, size]."""
        self.slots = positions % self.size
        end = positions[-1:]
        held = end - (end - self._rows) % self.size
        seen = (held >= 0) & (held <= positions[:, None]) & (held > positions[:, None] - self.ring.window)
        return seen[None, None]


class FixedLayer(RingLayer):
    """Two buffers of one geometry, handed to the model whole."""

    is_sliding = False

    def __init__(self, geometry: Geometry, write: Write) -> None:
        super().__init__()
        self.geometry = geometry
        self._write = write

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Allocate once; zeros, since what is masked must still be finite."""
        self.dtype, self.device = key_states.dtype, key_states.device
        try:
            self.keys, self.values = (new.new_zeros(*new.shape[:2], self.geometry.size, new.shape[3]) for new in (key_states, value_states))
        except RuntimeError as error:
            wanted = 2 * key_states.nbytes // key_states.shape[-2] * self.geometry.size
            raise RingTooLarge(wanted, self.geometry.size) from error
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Write a chunk [1, heads, N, D] where `Geometry.begin` said; returns the whole buffers."""
        del args, kwargs
        self.put(key_states, value_states, self.geometry.slots)
        assert self.keys is not None
        assert self.values is not None
        return self.keys, self.values

    def put(self, key_states: Tensor, value_states: Tensor, slots: Tensor) -> None:
        """Write rows at `slots` [N]."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        self._write(self.keys, self.values, key_states, value_states, slots)

    def held(self, first: int, end: int) -> tuple[Tensor, Tensor]:
        """Copies of K and V of positions [first, end), in order."""
        assert self.keys is not None
        assert self.values is not None
        slots = torch.arange(first, end, device=self.keys.device) % self.geometry.size
        return self.keys.index_select(2, slots), self.values.index_select(2, slots)

    def least_at(self, pos: int) -> int:
        """The oldest position a query at `pos` sees."""
        return self.geometry.ring.least_at(pos)

    def check_rewind(self, to: int) -> None:
        """Raise `RewindError` outside what is held."""
        self.geometry.ring.check_rewind(to)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """All rows; never asked where masks are given."""
        del query_length
        return self.geometry.size, 0

    def get_seq_length(self) -> int:
        """Absolute length, as the host counts it; never asked where positions are given."""
        return self.geometry.ring.length

    def get_max_length(self) -> int:
        """Rows there are."""
        return self.geometry.size


class FixedCache(RingCache):
    """All layers of one model; those of one kind share a `Geometry`, which counts for them."""

    def __init__(self, config: Any, *, max_positions: int, slack: int, device: torch.device) -> None:
        """`slack` bounds one padded chunk and one rewind across a wrapped window. Raises `ModelUnfit`."""
        self.max_positions = max_positions
        kinds, write = layers_of(config), _writer(device)
        names: list[str] = getattr(config.get_text_config(decoder=True), "layer_types", None) or [type(k).__name__ for k, _ in kinds]
        self._kinds: dict[str, Geometry] = {}
        layers: list[Any] = []
        for name, (kind, window) in zip(names, kinds, strict=False):
            if window == 0:
                layers.append(kind)
                continue
            if name not in self._kinds:
                slots = max_positions if window is None else min(slack, max_positions)
                self._kinds[name] = Geometry(window or _ENDLESS, slots + _STEP, device)
            layers.append(FixedLayer(self._kinds[name], write))
        super().__init__(layers=layers)

    @property
    def pos(self) -> int:
        """See `RingCache`."""
        return next(iter(self._kinds.values())).ring.length

    @property
    def rings(self) -> list[FixedLayer]:
        """See `RingCache`."""
        return self._owned(FixedLayer)

    def clear(self) -> None:
        """See `RingCache`."""
        for kind in self._kinds.values():
            kind.ring.begin(0, 0)

    def padded(self, count: int) -> int:
        """The next bucket."""
        return next((bucket for bucket in BUCKETS if count <= bucket), -(-count // _STEP) * _STEP)

    def begin(self, positions: Tensor) -> dict[str, Any]:
        """Masks and positions. Device work alone."""
        masks = {name: kind.begin(positions) for name, kind in self._kinds.items()}
        return {"attention_mask": masks if len(masks) > 1 else next(iter(masks.values())), "position_ids": positions[None]}

    def advance(self, count: int) -> None:
        """See `RingCache`."""
        for kind in self._kinds.values():
            kind.ring.advance(count, written=self.padded(count))

    def check_room(self, count: int) -> None:
        """See `RingCache`."""
        if self.pos + count > self.max_positions:
            raise FrameTooLong(count, self.max_positions - self.pos)
        for kind in self._kinds.values():
            if kind.ring.window < _ENDLESS:
                kind.ring.check_room(self.padded(count))

    def rewind(self, to: int) -> None:
        """See `RingCache`."""
        for kind in self._kinds.values():
            kind.ring.check_rewind(to)
        for kind in self._kinds.values():
            kind.ring.rewind(to)

    def _take(self, pos: int, content: Sequence[tuple[Tensor, Tensor]]) -> None:
        for layer, (keys, values) in zip(self.rings, content, strict=True):
            layer.put(keys, values, torch.arange(layer.least_at(pos), pos, device=keys.device) % layer.geometry.size)
        for kind in self._kinds.values():
            kind.ring.begin(kind.ring.least_at(pos), pos)


def _writer(device: torch.device) -> Write:
    """One kernel for both, where there is CUDA."""
    if device.type != "cuda":
        return write_rows
    from kairos.mind.gpu import kernels

    return kernels.write_rows
