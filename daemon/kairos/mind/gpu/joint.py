"""Two ways to launch less: linears over one input as one product, and an addition left to the norm behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.utils._python_dispatch import TorchDispatchMode

_TOGETHER: Final = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))


class Joint:
    """Several linears over one input as one product; each weight becomes a view into the joint one."""

    def __init__(self, parts: Sequence[nn.Linear]) -> None:
        biases: list[Any] = [part.bias for part in parts]
        self.weight = torch.cat([part.weight.data for part in parts])
        self.bias = None if biases[0] is None else torch.cat([bias.data for bias in biases])
        self._input: Tensor | None = None
        self._output: Tensor | None = None
        end = 0
        for part in parts:
            start, end = end, end + part.out_features
            part.weight.data = self.weight[start:end]
            part.__class__ = Columns
            assert isinstance(part, Columns)
            part.joint, part.start, part.end, part.last = self, start, end, part is parts[-1]

    def columns(self, start: int, end: int, x: Tensor, *, last: bool) -> Tensor:
        """Some columns of the product, which is made once for all that ask with the same `x`."""
        if x is not self._input:
            self._input, self._output = x, linear(x, self.weight, self.bias)
        assert self._output is not None
        some = self._output[..., start:end]
        if last:
            self._input = self._output = None
        return some


class Columns(nn.Linear):
    """One of the linears of a `Joint`."""

    joint: Joint
    start: int
    end: int
    last: bool

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name torch gives it
        """Its own columns of the joint product."""
        return self.joint.columns(self.start, self.end, input, last=self.last)


def join_linears(model: nn.Module) -> None:
    """One product for q, k and v, one for gate and up, wherever a module has them."""
    for module in model.modules():
        for names in _TOGETHER:
            parts: list[Any] = [getattr(module, name, None) for name in names]
            if all(type(part) is nn.Linear for part in parts) and len({part.in_features for part in parts}) == 1:
                Joint(parts)


class LateAdd(TorchDispatchMode):
    """While a graph is captured: holds an addition back for one step, so that a norm can do it in its own kernel."""

    current: LateAdd | None = None

    def __init__(self) -> None:
        super().__init__()
        self._held: tuple[Tensor, Tensor, Tensor] | None = None

    def __enter__(self) -> Self:
        LateAdd.current = self
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._settle()
        LateAdd.current = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._settle()
        if func is torch.ops.aten.add.Tensor and not kwargs and _alike(*args):
            self._held = (args[0], args[1], torch.empty_like(args[0]))
            return self._held[2]
        return func(*args, **(kwargs or {}))

    def take(self, total: Tensor) -> tuple[Tensor, Tensor] | None:
        """The two whose sum `total` is to be, if that was held back; the caller must now leave it there."""
        if self._held is None or self._held[2] is not total:
            return None
        a, b, _ = self._held
        self._held = None
        return a, b

    def _settle(self) -> None:
        if self._held is not None:
            a, b, total = self._held
            self._held = None
            torch.add(a, b, out=total)


def _alike(a: Any, b: Any) -> bool:
    """Whether both are whole hidden states [B, N, H]."""
    if not isinstance(b, Tensor) or a.shape != b.shape or a.dtype != b.dtype:
        return False
    return a.dim() == 3 and a.is_contiguous() and b.is_contiguous()  # noqa: PLR2004
