"""The ear's network: a causal convolution over 40 ms frames, small enough for a chip and for silence.

A frame embedding, layers whose taps reach back in time, and a context of 640 numbers made of all of them; from the
context come, for each 10 ms, the log-odds of speech and of a beeper's tone. Other networks over the
same features are built on `Causal` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_linear_bn_eval

from kairos.api import Layer
from kairos_plugins.ear.filters import HOPS
from kairos_plugins.ear.frontend import FEATURES

CONTEXT: Final = 640
HEADS: Final = ("speech", "tone")
_WIDTH: Final = 64
_DELAYS: Final = (1, 1, 2, 4, 8, 16)


class Causal(nn.Module):
    """Features [B, T, 320] to contexts [B, T, 640], each of which knows `reach` frames back."""

    def __init__(self, width: int, delays: Sequence[int], *, dropout: float = 0.0, normed: bool = False) -> None:
        """`normed` layers learn behind batch normalisation, which is folded into them when they are described."""
        super().__init__()
        self.embed = nn.Linear(FEATURES, width)
        self.layers = nn.ModuleList(nn.Linear(3 * width, width) for _ in delays)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) if normed else nn.Identity() for _ in range(len(delays) + 1))
        self.context = nn.Linear(width * (len(delays) + 1), CONTEXT)
        self._delays = tuple(delays)
        self._dropout = dropout

    @property
    def reach(self) -> int:
        """Frames a context knows before its own."""
        return 2 * sum(self._delays)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        first, *norms = self.norms
        found = [functional.relu(_each(first, self.embed(features)))]
        for layer, norm, delay in zip(self.layers, norms, self._delays, strict=True):
            newest = functional.dropout(found[-1], self._dropout, self.training and self._dropout > 0)
            found.append(functional.relu(_each(norm, layer(torch.cat([newest, _later(newest, delay), _later(newest, 2 * delay)], dim=-1)))))
        return functional.relu(self.context(torch.cat(found, dim=-1)))

    def described(self) -> list[Layer]:
        """The same as layers for the fixed-point engine."""
        names, (first, *norms) = ["embed"], self.norms
        layers = [described("embed", (("", 0),), _folded(self.embed, first))]
        for number, (layer, norm, delay) in enumerate(zip(self.layers, norms, self._delays, strict=True)):
            below = names[-1]
            names.append(f"layer{number}")
            layers.append(described(names[-1], ((below, 0), (below, delay), (below, 2 * delay)), _folded(layer, norm)))
        return [*layers, described("context", tuple((name, 0) for name in names), self.context)]


class EarNetwork(Causal):
    """Features [B, T, 320] to logits [B, T, 2 * 4]: speech of the frame's four cells, then tone. It knows the last 2.6 s."""

    def __init__(self) -> None:
        super().__init__(_WIDTH, _DELAYS, normed=True)
        self.heads = nn.Linear(CONTEXT, HOPS * len(HEADS))

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        return self.heads(functional.dropout(super().forward(features), 0.2, self.training))

    def described(self) -> list[Layer]:
        """The same as layers for the fixed-point engine."""
        return [*super().described(), described("heads", (("context", 0),), self.heads, activation="none")]


def described(name: str, taps: tuple[tuple[str, int], ...], linear: nn.Module, activation: Literal["relu", "none"] = "relu") -> Layer:
    """A linear layer over `taps` (layer and frames back) as the fixed-point engine takes it."""
    assert isinstance(linear, nn.Linear)
    return Layer(
        name=name, taps=taps, weights=linear.weight.detach().cpu().numpy(), bias=linear.bias.detach().cpu().numpy(), activation=activation
    )


def _each(norm: nn.Module, values: Tensor) -> Tensor:
    """`norm` over every place of [B, T, C]."""
    return norm(values.flatten(0, 1)).unflatten(0, values.shape[:2])


def _folded(linear: nn.Module, norm: nn.Module) -> nn.Module:
    """A layer that does what both do once they have learnt."""
    if not isinstance(norm, nn.BatchNorm1d):
        return linear
    assert isinstance(linear, nn.Linear)
    return fuse_linear_bn_eval(linear, norm)


def _later(values: Tensor, delay: int) -> Tensor:
    return functional.pad(values, (0, 0, delay, 0))[:, : values.shape[1]]
