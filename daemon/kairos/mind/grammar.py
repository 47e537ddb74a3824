"""Decode an action so that it cannot be malformed: first a registered actuator, then one bounded line.

The actuator is walked token by token through a trie of the registered names, each closed by a
space; only tokens that stay on the trie may be chosen. The sentence ends at a stop mark, a line
break or the bound, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from kairos.mind.frames import FrameEncoder

Step = Callable[[int], "Tensor"]


class ActionGrammar:
    """The grammar for one set of actuators."""

    def __init__(self, encoder: FrameEncoder, actuators: Sequence[str], *, answer_tokens: int) -> None:
        self._encoder = encoder
        self._paths = {name: encoder.encode(f" {name}") for name in actuators}
        self._answer_tokens = answer_tokens
        self._newlines = frozenset(encoder.encode("\n"))

    def decode(self, step: Step, logits: Tensor) -> tuple[str, str]:
        """Actuator and sentence, greedily; `step(token)` feeds a token and returns the next logits [V]."""
        name, logits = self._actuator(step, logits)
        chosen: list[int] = []
        for _ in range(self._answer_tokens):
            token = int(logits.argmax())
            if token == self._encoder.scaffold.stop or token in self._newlines:
                break
            chosen.append(token)
            logits = step(token)
        return name, " ".join(self._encoder.decode(chosen).split())

    def _actuator(self, step: Step, logits: Tensor) -> tuple[str, Tensor]:
        """The best path through the trie, chosen one branch at a time."""
        open_paths = dict(self._paths)
        depth = 0
        while True:
            options = {path[depth] for path in open_paths.values() if len(path) > depth}
            ended = [name for name, path in open_paths.items() if len(path) == depth]
            if not options:
                return ended[0], logits
            best = max(sorted(options), key=lambda token: float(logits[token]))
            if ended and float(logits[best]) < float(logits.max()):
                return ended[0], logits  # the name is whole and the model goes on to the sentence
            open_paths = {name: path for name, path in open_paths.items() if len(path) > depth and path[depth] == best}
            logits = step(best)
            depth += 1
