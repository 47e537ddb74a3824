"""Linear layers as a processor likes them: weights reordered once, the output head only as wide as asked.

A product of a few dozen rows reorders the whole weight on every call; reordered once at load (oneDNN's
blocked layout) the products of a frame take little more than half the time. And a verdict needs two
logits of the vocabulary, not all of them. Both are measured by `bench tick`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

_ROWS: Final = 32
"""What the layout is chosen for: about one frame. Any other count works too."""


class PackedLinear(nn.Module):
    """A frozen `nn.Linear` in oneDNN's layout; x [..., in] to [..., out]."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features: Final = layer.in_features
        self.out_features: Final = layer.out_features
        self._packed = _reorder(layer.weight.detach())
        self._bias = _bias(layer)

    def forward(self, x: Tensor) -> Tensor:
        """The product, as of the layer it was made from."""
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self._bias, "none", [], "")  # noqa: SLF001 - public to no one but inductor


class NarrowHead(nn.Module):
    """The output head; inside `only(ids)` it computes those logits and no others."""

    def __init__(self, head: nn.Linear) -> None:
        super().__init__()
        self.weight = head.weight
        self.bias = _bias(head)
        self._few: dict[tuple[int, ...], tuple[Tensor, Tensor | None]] = {}
        self._now: tuple[Tensor, Tensor | None] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Logits [..., V], or [..., len(ids)]."""
        weight, bias = self._now or (self.weight, self.bias)
        return linear(x, weight, bias)

    @contextmanager
    def only(self, ids: Sequence[int] | None) -> Generator[None]:
        """While inside, of the vocabulary only `ids`; all of it if None."""
        if ids is None:
            yield
            return
        key = tuple(ids)
        if key not in self._few:
            bias = None if self.bias is None else self.bias[list(key)]
            self._few[key] = (self.weight.detach()[list(key)], bias)
        self._now = self._few[key]
        try:
            yield
        finally:
            self._now = None


def pack(model: Any) -> None:
    """Reorder every linear layer of `model` but its head, in place, where this processor and dtype allow it."""
    head = model.get_output_embeddings()
    if _possible(next(model.parameters())):
        for module in list(model.modules()):
            for name, layer in list(module.named_children()):
                if type(layer) is nn.Linear and layer is not head:
                    setattr(module, name, PackedLinear(layer))


def narrow(model: Any) -> NarrowHead:
    """Put a `NarrowHead` in the place of the output head; returns it. A second call returns the first one's."""
    head = model.get_output_embeddings()
    if not isinstance(head, NarrowHead):
        head = NarrowHead(cast("nn.Linear", head))
        model.set_output_embeddings(head)
    return head


def _bias(layer: nn.Linear) -> Tensor | None:
    found: Any = layer.bias
    return None if found is None else found.detach()


def _reorder(weight: Tensor) -> Tensor:
    return torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)  # noqa: SLF001 - as above


def _possible(like: Tensor) -> bool:
    if like.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    try:
        packed = _reorder(like.new_ones(16, 16))
        torch.ops.mkldnn._linear_pointwise(like.new_ones(1, 16), packed, None, "none", [], "")  # noqa: SLF001 - as above
    except (AttributeError, RuntimeError):  # an older build, or a processor without this dtype's products
        return False
    return True
