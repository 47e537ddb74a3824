"""From features to words: a causal convolution over frames of 40 ms, its context of 640 numbers, and the projector on top.

The first half, `WordsNetwork`, runs in the ear's fixed-point engine and knows no model. The second, `Projector`,
maps each context by itself to the tokens of one model, or to none.
"""

from __future__ import annotations

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from kairos.api import Layer
from kairos_plugins.ear.frontend import FEATURES

WIDTH: Final = 256
CONTEXT: Final = 640
HIDDEN: Final = 512
DELAYS: Final = (1, 1, 2, 2, 4, 4, 8)
BLANK: Final = 0
"""The class of a frame that is kept for no token; token n of the vocabulary is class n + 1."""


class WordsNetwork(nn.Module):
    """Features [B, T, 320] to contexts [B, T, 640]; a context knows the last 1.8 s."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.layers = nn.ModuleList(nn.Linear(3 * WIDTH, WIDTH) for _ in DELAYS)
        self.context = nn.Linear(WIDTH * (len(DELAYS) + 1), CONTEXT)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        found = [functional.relu(self.embed(features))]
        for layer, delay in zip(self.layers, DELAYS, strict=True):
            newest = functional.dropout(found[-1], 0.1, self.training)
            found.append(functional.relu(layer(torch.cat([newest, _later(newest, delay), _later(newest, 2 * delay)], dim=-1))))
        return functional.relu(self.context(torch.cat(found, dim=-1)))

    def described(self) -> list[Layer]:
        """The same as layers for the fixed-point engine."""
        names = ["embed"]
        layers = [_layer("embed", (("", 0),), self.embed)]
        for number, (layer, delay) in enumerate(zip(self.layers, DELAYS, strict=True)):
            below = names[-1]
            names.append(f"layer{number}")
            layers.append(_layer(names[-1], ((below, 0), (below, delay), (below, 2 * delay)), layer))
        return [*layers, _layer("context", tuple((name, 0) for name in names), self.context)]


class Projector(nn.Module):
    """One position [.., inputs] to logits [.., 1 + vocabulary]: the blank, then each token. No position sees another."""

    def __init__(self, vocabulary: int, *, inputs: int = CONTEXT, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.straight = nn.Linear(inputs, 1 + vocabulary)
        self.out = nn.Linear(hidden, 1 + vocabulary, bias=False)

    def forward(self, contexts: Tensor) -> Tensor:
        """See the class."""
        return self.straight(contexts) + self.out(functional.dropout(functional.relu(self.hidden(contexts)), 0.2, self.training))


def _layer(name: str, taps: tuple[tuple[str, int], ...], linear: nn.Module, activation: Literal["relu", "none"] = "relu") -> Layer:
    assert isinstance(linear, nn.Linear)
    return Layer(
        name=name, taps=taps, weights=linear.weight.detach().cpu().numpy(), bias=linear.bias.detach().cpu().numpy(), activation=activation
    )


def _later(values: Tensor, delay: int) -> Tensor:
    return functional.pad(values, (0, 0, delay, 0))[:, : values.shape[1]]
