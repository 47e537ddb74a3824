"""The ear's network: a causal convolution over 40 ms frames, small enough for a chip and for silence.

A frame embedding, six layers whose taps reach 2.6 s back, and a context of 640 numbers made of all of
them; from the context come, for each 10 ms, the log-odds of speech and of a beeper's tone.
"""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from kairos.api import Layer
from kairos_plugins.ear.filters import HOPS
from kairos_plugins.ear.frontend import FEATURES

WIDTH: Final = 64
CONTEXT: Final = 640
DELAYS: Final = (1, 1, 2, 4, 8, 16)
HEADS: Final = ("speech", "tone")


class EarNetwork(nn.Module):
    """Features [B, T, 320] to logits [B, T, 2 * 4]: speech of the frame's four cells, then tone."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.layers = nn.ModuleList(nn.Linear(3 * WIDTH, WIDTH) for _ in DELAYS)
        self.context = nn.Linear(WIDTH * (len(DELAYS) + 1), CONTEXT)
        self.heads = nn.Linear(CONTEXT, HOPS * len(HEADS))

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        found = [functional.relu(self.embed(features))]
        for layer, delay in zip(self.layers, DELAYS, strict=True):
            newest = found[-1]
            found.append(functional.relu(layer(torch.cat([newest, _later(newest, delay), _later(newest, 2 * delay)], dim=-1))))
        context = functional.relu(self.context(torch.cat(found, dim=-1)))
        return self.heads(functional.dropout(context, 0.2, self.training))

    def described(self) -> list[Layer]:
        """The same as layers for the fixed-point engine."""
        names = ["embed"]
        layers = [_layer("embed", (("", 0),), self.embed)]
        for number, (layer, delay) in enumerate(zip(self.layers, DELAYS, strict=True)):
            below = names[-1]
            names.append(f"layer{number}")
            layers.append(_layer(names[-1], ((below, 0), (below, delay), (below, 2 * delay)), layer))
        layers.append(_layer("context", tuple((name, 0) for name in names), self.context))
        return [*layers, _layer("heads", (("context", 0),), self.heads, activation="none")]


def _layer(name: str, taps: tuple[tuple[str, int], ...], linear: nn.Module, activation: Literal["relu", "none"] = "relu") -> Layer:
    assert isinstance(linear, nn.Linear)
    return Layer(name=name, taps=taps, weights=linear.weight.detach().numpy(), bias=linear.bias.detach().numpy(), activation=activation)


def _later(values: Tensor, delay: int) -> Tensor:
    return functional.pad(values, (0, 0, delay, 0))[:, : values.shape[1]]
