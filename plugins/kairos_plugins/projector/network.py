"""From features to words: a causal convolution over frames of 40 ms, its context of 640 numbers, and the projector on top.

The first half, `WordsNetwork`, runs in the ear's fixed-point engine and knows no model. The second, `Projector`,
maps each context by itself to the tokens of one model, or to none.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from kairos_plugins.ear.training.network import CONTEXT, Causal

BLANK: Final = 0
"""The class of a frame that is kept for no token; token n of the vocabulary is class n + 1."""
_WIDTH: Final = 256
_HIDDEN: Final = 512
_DELAYS: Final = (1, 1, 2, 2, 4, 4, 8)


class WordsNetwork(Causal):
    """Features [B, T, 320] to contexts [B, T, 640]; a context knows the last 1.8 s."""

    def __init__(self) -> None:
        super().__init__(_WIDTH, _DELAYS, dropout=0.1)


class Projector(nn.Module):
    """One position [.., inputs] to logits [.., 1 + vocabulary]: the blank, then each token. No position sees another."""

    def __init__(self, vocabulary: int, *, inputs: int = CONTEXT, hidden: int = _HIDDEN) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.straight = nn.Linear(inputs, 1 + vocabulary)
        self.out = nn.Linear(hidden, 1 + vocabulary, bias=False)

    def forward(self, contexts: Tensor) -> Tensor:
        """See the class."""
        return self.straight(contexts) + self.out(functional.dropout(functional.relu(self.hidden(contexts)), 0.2, self.training))
